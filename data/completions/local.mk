# SPDX-License-Identifier: LGPL-2.1-or-later
# bash loads the file that has the command's name.
bashcompletiondir = $(BASH_COMPLETION_DIR)
dist_bashcompletion_DATA = \
	%D%/usbredir-testguest \
	%D%/usbredirctl
