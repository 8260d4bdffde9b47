# SPDX-License-Identifier: LGPL-2.1-or-later
# A cmocka program per source file.
if HAVE_CMOCKA
unit_tests = \
	%D%/test-facts \
	%D%/test-pass \
	%D%/test-rule-error \
	%D%/test-text

%C%_test_facts_SOURCES = %D%/test-facts.c
%C%_test_facts_LDADD = libfilter.a libutil.a $(CMOCKA_LIBS)
%C%_test_facts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

%C%_test_pass_SOURCES = %D%/test-pass.c
%C%_test_pass_LDADD = libfilter.a libutil.a $(CMOCKA_LIBS)
%C%_test_pass_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

%C%_test_rule_error_SOURCES = %D%/test-rule-error.c
%C%_test_rule_error_LDADD = libfilter.a libutil.a $(CMOCKA_LIBS)
%C%_test_rule_error_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

%C%_test_text_SOURCES = %D%/test-text.c
%C%_test_text_LDADD = libfilter.a libutil.a $(CMOCKA_LIBS)
%C%_test_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
