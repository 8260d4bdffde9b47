# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredir-testguest as people run it, with real hosts.
testguest_tests = \
	%D%/test-command-line.sh \
	%D%/test-testguest.sh
dist_check_SCRIPTS += $(testguest_tests)
EXTRA_DIST += %D%/bed.sh %D%/golden
TESTS += $(testguest_tests)
