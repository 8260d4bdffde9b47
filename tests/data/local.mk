# SPDX-License-Identifier: LGPL-2.1-or-later
# What is installed, by the programs that read it.
data_checks = \
	%D%/test-man-recipes.sh \
	%D%/test-man-programs.sh \
	%D%/test-sysusers.sh \
	%D%/test-udev.sh \
	%D%/test-units.sh
dist_check_SCRIPTS += $(data_checks)
TESTS += $(data_checks)
check_PROGRAMS += %D%/config-tool
%C%_config_tool_LDADD = $(config_ldadd)
dist_check_SCRIPTS += %D%/check-install %D%/test-man-keys.sh
TESTS += %D%/test-man-keys.sh

if HAVE_CMOCKA
check_PROGRAMS += %D%/test-default-rules
%C%_test_default_rules_LDADD = $(config_ldadd)
TESTS += %D%/test-default-rules
endif
