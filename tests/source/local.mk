# SPDX-License-Identifier: LGPL-2.1-or-later
# Checks of the source itself, and a test that they can fail.
source_checks = \
	%D%/check-floors.sh \
	%D%/check-headers.sh \
	%D%/check-spdx.sh \
	%D%/test-checks.sh
dist_check_SCRIPTS += $(source_checks)
EXTRA_DIST += %D%/floors
TESTS += $(source_checks)
