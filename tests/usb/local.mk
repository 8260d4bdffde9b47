# SPDX-License-Identifier: LGPL-2.1-or-later
# src/usb with the real libusb, on the emulated gadget. All need umockdev.
if HAVE_UMOCKDEV
check_LIBRARIES += %D%/libverbs.a
%C%_libverbs_a_SOURCES = %D%/bed.c %D%/bed.h

verbs_tests = \
	%D%/test-calls.mocked \
	%D%/test-failures.mocked \
	%D%/test-memory.mocked \
	%D%/test-timeout.mocked \
	%D%/test-transfer.mocked \
	%D%/test-unplug.mocked
check_PROGRAMS += $(verbs_tests)
%C%_test_calls_mocked_SOURCES = %D%/test-calls.c
%C%_test_calls_mocked_LDADD = %D%/libverbs.a $(mocked_libs)
%C%_test_transfer_mocked_SOURCES = %D%/test-transfer.c
%C%_test_transfer_mocked_LDADD = %D%/libverbs.a $(mocked_libs)
%C%_test_memory_mocked_SOURCES = %D%/test-memory.c
%C%_test_memory_mocked_LDADD = %D%/libverbs.a $(mocked_libs)
%C%_test_timeout_mocked_SOURCES = %D%/test-timeout.c
%C%_test_timeout_mocked_LDADD = %D%/libverbs.a $(mocked_libs)
%C%_test_unplug_mocked_SOURCES = %D%/test-unplug.c
%C%_test_unplug_mocked_LDADD = %D%/libverbs.a $(mocked_libs)
%C%_test_failures_mocked_SOURCES = \
	%D%/failures.c %D%/failures.h %D%/test-failures.c %D%/verbs.c %D%/verbs.h
%C%_test_failures_mocked_LDADD = %D%/libverbs.a $(mocked_libs)

# A session that dies, and the return of its device.
if TEST_HOOKS
check_PROGRAMS += %D%/test-recover.mocked
%C%_test_recover_mocked_SOURCES = %D%/test-recover.c
%C%_test_recover_mocked_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open
%C%_test_recover_mocked_LDADD = \
	tests/integration/libmanaged.a tests/integration/libguest.a libdaemon.a \
	$(mocked_libs) $(LIBSYSTEMD_LIBS)
TESTS += %D%/test-recover.mocked
endif

# Runs usbredir-session with a guest of its own; skipped in builds without test hooks.
check_PROGRAMS += %D%/small-guest
%C%_small_guest_LDADD =
dist_check_SCRIPTS += %D%/test-session-emulated.sh

TESTS += $(verbs_tests) %D%/test-session-emulated.sh
endif
