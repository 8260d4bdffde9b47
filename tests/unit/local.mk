# SPDX-License-Identifier: LGPL-2.1-or-later
# A cmocka program per source file: a name here is all that a test needs.
LDADD = libprotocol.a libutil.a $(CMOCKA_LIBS)
EXTRA_DIST += \
	%D%/helpers.h \
	%D%/test.h \
	%D%/wire-examples.h

if HAVE_CMOCKA
AM_CFLAGS += $(CMOCKA_CFLAGS)
unit_tests =
unit_tests += %D%/test-caps
unit_tests += %D%/test-log
unit_tests += %D%/test-packet
unit_tests += %D%/test-packet-verify
unit_tests += %D%/test-parser
unit_tests += %D%/test-parser-payload
unit_tests += %D%/test-parser-pieces
unit_tests += %D%/test-print
unit_tests += %D%/test-writer
unit_tests += %D%/test-writer-rules
%C%_test_writer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

if HAVE_UPSTREAM
unit_tests += %D%/test-equality
%C%_test_equality_SOURCES = %D%/test-equality.c %D%/upstream.c %D%/upstream.h
%C%_test_equality_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_CFLAGS)
%C%_test_equality_LDADD = $(LDADD) $(UPSTREAM_LIBS)
endif

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
