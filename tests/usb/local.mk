# SPDX-License-Identifier: LGPL-2.1-or-later
# src/usb with the real libusb, on the emulated gadget. All need umockdev.
if HAVE_UMOCKDEV
check_LIBRARIES += %D%/libbed.a
%C%_libbed_a_SOURCES = %D%/bed.c %D%/bed.h
%C%_libbed_a_CPPFLAGS = $(verbs_cppflags)

verbs_cppflags = $(AM_CPPFLAGS) $(LIBUSB_CFLAGS) $(LIBEVENT_CFLAGS) $(CMOCKA_CFLAGS)
verbs_ldadd = \
	%D%/libbed.a tests/emulated/libemulated.a libusbhost.a libutil.a \
	$(UMOCKDEV_LIBS) $(LIBUSB_LIBS) $(LIBEVENT_LIBS) $(CMOCKA_LIBS)

verbs_tests = \
	%D%/test-calls.mocked \
	%D%/test-transfer.mocked \
	%D%/test-memory.mocked \
	%D%/test-timeout.mocked \
	%D%/test-unplug.mocked \
	%D%/test-failures.mocked
check_PROGRAMS += $(verbs_tests)
%C%_test_calls_mocked_SOURCES = %D%/test-calls.c
%C%_test_calls_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_calls_mocked_LDADD = $(verbs_ldadd)
%C%_test_transfer_mocked_SOURCES = %D%/test-transfer.c
%C%_test_transfer_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_transfer_mocked_LDADD = $(verbs_ldadd)
%C%_test_memory_mocked_SOURCES = %D%/test-memory.c
%C%_test_memory_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_memory_mocked_LDADD = $(verbs_ldadd)
%C%_test_timeout_mocked_SOURCES = %D%/test-timeout.c
%C%_test_timeout_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_timeout_mocked_LDADD = $(verbs_ldadd)
%C%_test_unplug_mocked_SOURCES = %D%/test-unplug.c
%C%_test_unplug_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_unplug_mocked_LDADD = $(verbs_ldadd)
%C%_test_failures_mocked_SOURCES = \
	%D%/failures.c %D%/failures.h %D%/test-failures.c %D%/verbs.c %D%/verbs.h
%C%_test_failures_mocked_CPPFLAGS = $(verbs_cppflags)
%C%_test_failures_mocked_LDADD = $(verbs_ldadd)

# Runs usbredir-session with a guest of its own; skipped in builds without test hooks.
check_PROGRAMS += %D%/small-guest
%C%_small_guest_LDADD =
dist_check_SCRIPTS += %D%/test-session-emulated.sh

TESTS += $(verbs_tests) %D%/test-session-emulated.sh
endif
