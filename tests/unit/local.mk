# SPDX-License-Identifier: LGPL-2.1-or-later
# A cmocka program per source file; its source is test-<file>.c unless said otherwise.
AM_DEFAULT_SOURCE_EXT = .c
EXTRA_DIST += \
	%D%/helpers.h \
	%D%/test.h \
	%D%/wire-examples.h

if HAVE_CMOCKA
AM_CFLAGS += $(CMOCKA_CFLAGS)
LDADD = libfilter.a libprotocol.a libutil.a $(CMOCKA_LIBS)

unit_tests =
unit_tests += %D%/test-caps
unit_tests += %D%/test-facts
unit_tests += %D%/test-guests
unit_tests += %D%/test-key
unit_tests += %D%/test-log
unit_tests += %D%/test-packet
unit_tests += %D%/test-packet-verify
unit_tests += %D%/test-parser
unit_tests += %D%/test-parser-payload
unit_tests += %D%/test-parser-pieces
unit_tests += %D%/test-pass
unit_tests += %D%/test-plain
unit_tests += %D%/test-policy
unit_tests += %D%/test-print
unit_tests += %D%/test-rule
unit_tests += %D%/test-rule-error
unit_tests += %D%/test-text
unit_tests += %D%/test-tuple
unit_tests += %D%/test-writer
unit_tests += %D%/test-writer-rules
%C%_test_writer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# What upstream's library makes of the same bytes, filters and devices.
if HAVE_UPSTREAM
unit_tests += %D%/test-equality
unit_tests += %D%/test-filter-upstream
%C%_test_equality_SOURCES = %D%/test-equality.c %D%/upstream.c %D%/upstream.h
%C%_test_equality_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_CFLAGS)
%C%_test_equality_LDADD = $(LDADD) $(UPSTREAM_LIBS)
%C%_test_filter_upstream_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_CFLAGS)
%C%_test_filter_upstream_LDADD = $(LDADD) $(UPSTREAM_LIBS)
endif

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
