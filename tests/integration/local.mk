# SPDX-License-Identifier: LGPL-2.1-or-later
# Sessions on the fake libusb, with guests that behave and guests that do not.
if HAVE_CMOCKA
# The guest, and the two ways to run a session: in the test, and as the process it is.
check_LIBRARIES += %D%/libguest.a
%C%_libguest_a_SOURCES = \
	%D%/bed.c \
	%D%/bed.h \
	%D%/guest.c \
	%D%/guest.h \
	%D%/process.c \
	%D%/process.h \
	%D%/report.c \
	%D%/report.h

# Its session is a process under a worker.
check_LIBRARIES += %D%/libmanaged.a
%C%_libmanaged_a_SOURCES = \
	%D%/managed.c \
	%D%/managed.h
managed_ldadd = %D%/libmanaged.a %D%/libguest.a libdaemon.a $(LDADD) $(LIBSYSTEMD_LIBS)
managed_ldflags = $(AM_LDFLAGS) -Wl,--wrap=open

integration_tests = \
	%D%/test-answers \
	%D%/test-dead-peer \
	%D%/test-bulk-streams \
	%D%/test-guest-filter \
	%D%/test-hazards \
	%D%/test-hostile-cut \
	%D%/test-hostile-flood \
	%D%/test-hostile-guest \
	%D%/test-hostile-random \
	%D%/test-hostile-unplug \
	%D%/test-bulk-receiving \
	%D%/test-iso \
	%D%/test-managed \
	%D%/test-managed-process \
	%D%/test-managed-return \
	%D%/test-next-device \
	%D%/test-session \
	%D%/test-session-changes \
	%D%/test-session-end \
	%D%/test-session-lost \
	%D%/test-streams \
	%D%/test-tls-qemu \
	%D%/test-transfers
%C%_test_dead_peer_LDFLAGS = $(managed_ldflags)
%C%_test_dead_peer_LDADD = $(managed_ldadd)
%C%_test_bulk_receiving_LDFLAGS = $(fake_ldflags)
%C%_test_bulk_receiving_LDADD = %D%/libguest.a $(LDADD)
%C%_test_iso_LDFLAGS = $(fake_ldflags)
%C%_test_iso_LDADD = %D%/libguest.a $(LDADD)
%C%_test_managed_LDFLAGS = $(managed_ldflags)
%C%_test_managed_LDADD = $(managed_ldadd)
%C%_test_managed_process_LDFLAGS = $(managed_ldflags)
%C%_test_managed_process_LDADD = $(managed_ldadd)
%C%_test_managed_return_LDFLAGS = $(managed_ldflags)
%C%_test_managed_return_LDADD = $(managed_ldadd)
%C%_test_bulk_streams_LDFLAGS = $(fake_ldflags)
%C%_test_bulk_streams_LDADD = %D%/libguest.a $(LDADD)
%C%_test_guest_filter_LDFLAGS = $(fake_ldflags)
%C%_test_guest_filter_LDADD = %D%/libguest.a $(LDADD)
%C%_test_next_device_LDFLAGS = $(fake_ldflags)
%C%_test_next_device_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hazards_LDFLAGS = $(fake_ldflags) -Wl,--wrap=libusb_set_option
%C%_test_hazards_LDADD = %D%/libguest.a $(LDADD)
%C%_test_session_LDFLAGS = $(fake_ldflags)
%C%_test_session_LDADD = %D%/libguest.a $(LDADD)
%C%_test_session_changes_LDFLAGS = $(fake_ldflags)
%C%_test_session_changes_LDADD = %D%/libguest.a $(LDADD)
%C%_test_session_end_LDFLAGS = $(fake_ldflags)
%C%_test_session_end_LDADD = %D%/libguest.a $(LDADD)
%C%_test_session_lost_LDFLAGS = $(fake_ldflags)
%C%_test_session_lost_LDADD = %D%/libguest.a $(LDADD)
%C%_test_streams_LDFLAGS = $(fake_ldflags)
%C%_test_streams_LDADD = %D%/libguest.a $(LDADD)
%C%_test_tls_qemu_SOURCES = %D%/test-tls-qemu.c %D%/qemu.c %D%/qemu.h
%C%_test_tls_qemu_LDFLAGS = $(managed_ldflags)
%C%_test_tls_qemu_LDADD = $(managed_ldadd) $(OPENSSL_LIBS)
%C%_test_transfers_LDFLAGS = $(fake_ldflags)
%C%_test_transfers_LDADD = %D%/libguest.a $(LDADD)
%C%_test_answers_LDFLAGS = $(fake_ldflags)
%C%_test_answers_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hostile_guest_LDFLAGS = $(fake_ldflags)
%C%_test_hostile_guest_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hostile_cut_LDFLAGS = $(fake_ldflags)
%C%_test_hostile_cut_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hostile_flood_LDFLAGS = $(fake_ldflags)
%C%_test_hostile_flood_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hostile_random_LDFLAGS = $(fake_ldflags)
%C%_test_hostile_random_LDADD = %D%/libguest.a $(LDADD)
%C%_test_hostile_unplug_LDFLAGS = $(fake_ldflags)
%C%_test_hostile_unplug_LDADD = %D%/libguest.a $(LDADD)
check_PROGRAMS += $(integration_tests)
dist_check_SCRIPTS += %D%/test-tls-by-hand.sh
TESTS += $(integration_tests) %D%/test-tls-by-hand.sh
endif
