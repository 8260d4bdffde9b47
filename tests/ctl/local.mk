# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredirctl as people run it, on a bus of its own, with a daemon made of nothing.
ctl_tests = \
	%D%/test-absent.sh \
	%D%/test-commands.sh \
	%D%/test-doctor.sh \
	%D%/test-convert.sh \
	%D%/test-help.sh \
	%D%/test-learn.sh \
	%D%/test-monitor.sh \
	%D%/test-terminal.sh \
	%D%/test-test.sh
dist_check_SCRIPTS += $(ctl_tests) %D%/mock-usbredird.py
EXTRA_DIST += %D%/bed.sh %D%/golden
TESTS += $(ctl_tests)

if HAVE_CMOCKA
check_PROGRAMS += %D%/test-text
%C%_test_text_SOURCES = %D%/test-text.c
%C%_test_text_LDADD = libctl.a libfilter.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += %D%/test-text
endif
