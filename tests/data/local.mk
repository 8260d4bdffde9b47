# SPDX-License-Identifier: LGPL-2.1-or-later
# What is installed, by the programs that read it.
data_checks = \
	%D%/test-sysusers.sh \
	%D%/test-udev.sh \
	%D%/test-units.sh
dist_check_SCRIPTS += $(data_checks)
TESTS += $(data_checks)
