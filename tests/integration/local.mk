# SPDX-License-Identifier: LGPL-2.1-or-later
# Sessions on the fake libusb, with guests that behave and guests that do not.
if HAVE_CMOCKA
integration_tests = \
	%D%/test-session \
	%D%/test-session-changes \
	%D%/test-session-end \
	%D%/test-session-lost \
	%D%/test-transfers \
	%D%/test-answers \
	%D%/test-hostile-guest \
	%D%/test-hostile-cut \
	%D%/test-hostile-flood \
	%D%/test-hostile-random
check_PROGRAMS += $(integration_tests)
TESTS += $(integration_tests)

# The guest, and the two ways to run a session: in the test, and as the process it is.
integration_guest = \
	%D%/guest.c \
	%D%/guest.h
integration_bed = \
	$(integration_guest) \
	%D%/bed.c \
	%D%/bed.h \
	%D%/process.c \
	%D%/process.h \
	%D%/report.c \
	%D%/report.h
integration_cflags = \
	$(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LIBUSB_CFLAGS) $(LIBEVENT_CFLAGS)
integration_ldflags = $(AM_LDFLAGS) -Wl,-rpath,$(abs_builddir)/tests/fake-libusb
integration_libs = \
	libsession.a libusbhost.a libprotocol.a libutil.a \
	$(CMOCKA_LIBS) $(LIBUSB_LIBS) $(LIBEVENT_LIBS)

%C%_test_session_SOURCES = %D%/test-session.c $(integration_bed)
%C%_test_session_CFLAGS = $(integration_cflags)
%C%_test_session_LDFLAGS = $(integration_ldflags)
%C%_test_session_LDADD = $(integration_libs)

%C%_test_session_changes_SOURCES = %D%/test-session-changes.c $(integration_bed)
%C%_test_session_changes_CFLAGS = $(integration_cflags)
%C%_test_session_changes_LDFLAGS = $(integration_ldflags)
%C%_test_session_changes_LDADD = $(integration_libs)

%C%_test_session_end_SOURCES = %D%/test-session-end.c $(integration_bed)
%C%_test_session_end_CFLAGS = $(integration_cflags)
%C%_test_session_end_LDFLAGS = $(integration_ldflags)
%C%_test_session_end_LDADD = $(integration_libs)

%C%_test_session_lost_SOURCES = %D%/test-session-lost.c $(integration_bed)
%C%_test_session_lost_CFLAGS = $(integration_cflags)
%C%_test_session_lost_LDFLAGS = $(integration_ldflags)
%C%_test_session_lost_LDADD = $(integration_libs)

%C%_test_transfers_SOURCES = %D%/test-transfers.c $(integration_bed)
%C%_test_transfers_CFLAGS = $(integration_cflags)
%C%_test_transfers_LDFLAGS = $(integration_ldflags)
%C%_test_transfers_LDADD = $(integration_libs)

%C%_test_answers_SOURCES = %D%/test-answers.c $(integration_bed)
%C%_test_answers_CFLAGS = $(integration_cflags)
%C%_test_answers_LDFLAGS = $(integration_ldflags)
%C%_test_answers_LDADD = $(integration_libs)

%C%_test_hostile_guest_SOURCES = %D%/test-hostile-guest.c $(integration_bed)
%C%_test_hostile_guest_CFLAGS = $(integration_cflags)
%C%_test_hostile_guest_LDFLAGS = $(integration_ldflags)
%C%_test_hostile_guest_LDADD = $(integration_libs)

%C%_test_hostile_cut_SOURCES = %D%/test-hostile-cut.c $(integration_bed)
%C%_test_hostile_cut_CFLAGS = $(integration_cflags)
%C%_test_hostile_cut_LDFLAGS = $(integration_ldflags)
%C%_test_hostile_cut_LDADD = $(integration_libs)

%C%_test_hostile_flood_SOURCES = %D%/test-hostile-flood.c $(integration_bed)
%C%_test_hostile_flood_CFLAGS = $(integration_cflags)
%C%_test_hostile_flood_LDFLAGS = $(integration_ldflags)
%C%_test_hostile_flood_LDADD = $(integration_libs)

%C%_test_hostile_random_SOURCES = %D%/test-hostile-random.c $(integration_bed)
%C%_test_hostile_random_CFLAGS = $(integration_cflags)
%C%_test_hostile_random_LDFLAGS = $(integration_ldflags)
%C%_test_hostile_random_LDADD = $(integration_libs)
endif
