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

# Devices and sessions. Those of unit_fake_ldflags are linked with the real libusb and run with the
# fake one.
EXTRA_DIST += \
	%D%/address-bed.h \
	%D%/capture.h \
	%D%/link-bed.h \
	%D%/run-until.h \
	%D%/sandbox-bed.h \
	%D%/usb-bed.h \
	%D%/usb-device-bed.h \
	%D%/usb-transfer-bed.h
unit_usb_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LIBUSB_CFLAGS) $(LIBEVENT_CFLAGS)
unit_usb_libs = libusbhost.a libutil.a $(CMOCKA_LIBS) $(LIBUSB_LIBS) $(LIBEVENT_LIBS)
unit_session_cflags = $(unit_usb_cflags) $(LIBSECCOMP_CFLAGS)
unit_session_libs = \
	libsession.a libusbhost.a libprotocol.a libutil.a \
	$(CMOCKA_LIBS) $(LIBUSB_LIBS) $(LIBEVENT_LIBS) $(LIBSECCOMP_LIBS)
unit_fake_ldflags = $(fake_libusb_test_ldflags)

unit_tests += \
	%D%/test-session-address \
	%D%/test-session-address-accept \
	%D%/test-session-address-connect \
	%D%/test-session-link \
	%D%/test-session-link-end \
	%D%/test-session-options \
	%D%/test-session-reason \
	%D%/test-session-requests \
	%D%/test-session-sandbox \
	%D%/test-session-sandbox-calls \
	%D%/test-session-state \
	%D%/test-usb-device \
	%D%/test-usb-device-configuration \
	%D%/test-usb-find \
	%D%/test-usb-layout \
	%D%/test-usb-loop \
	%D%/test-usb-pool \
	%D%/test-usb-status \
	%D%/test-usb-transfer \
	%D%/test-usb-transfer-memory

%C%_test_session_address_SOURCES = %D%/test-session-address.c
%C%_test_session_address_LDADD = $(unit_session_libs)
%C%_test_session_address_CFLAGS = $(unit_session_cflags)

%C%_test_session_address_accept_SOURCES = %D%/test-session-address-accept.c
%C%_test_session_address_accept_LDADD = $(unit_session_libs)
%C%_test_session_address_accept_CFLAGS = $(unit_session_cflags)

%C%_test_session_address_connect_SOURCES = %D%/test-session-address-connect.c
%C%_test_session_address_connect_LDADD = $(unit_session_libs)
%C%_test_session_address_connect_CFLAGS = $(unit_session_cflags)

%C%_test_session_link_SOURCES = %D%/test-session-link.c
%C%_test_session_link_LDADD = $(unit_session_libs)
%C%_test_session_link_CFLAGS = $(unit_session_cflags)
%C%_test_session_link_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmsg

%C%_test_session_link_end_SOURCES = %D%/test-session-link-end.c
%C%_test_session_link_end_LDADD = $(unit_session_libs)
%C%_test_session_link_end_CFLAGS = $(unit_session_cflags)

%C%_test_session_options_SOURCES = %D%/test-session-options.c
%C%_test_session_options_LDADD = $(unit_session_libs)
%C%_test_session_options_CFLAGS = $(unit_session_cflags)

%C%_test_session_reason_SOURCES = %D%/test-session-reason.c
%C%_test_session_reason_LDADD = $(unit_session_libs)
%C%_test_session_reason_CFLAGS = $(unit_session_cflags)

%C%_test_session_requests_SOURCES = %D%/test-session-requests.c
%C%_test_session_requests_LDADD = $(unit_session_libs)
%C%_test_session_requests_CFLAGS = $(unit_session_cflags)

%C%_test_session_sandbox_SOURCES = %D%/test-session-sandbox.c
%C%_test_session_sandbox_LDADD = $(unit_session_libs)
%C%_test_session_sandbox_CFLAGS = $(unit_session_cflags)

%C%_test_session_sandbox_calls_SOURCES = %D%/test-session-sandbox-calls.c
%C%_test_session_sandbox_calls_LDADD = $(unit_session_libs)
%C%_test_session_sandbox_calls_CFLAGS = $(unit_session_cflags)

%C%_test_session_state_SOURCES = %D%/test-session-state.c
%C%_test_session_state_LDADD = $(unit_session_libs)
%C%_test_session_state_CFLAGS = $(unit_session_cflags)

%C%_test_usb_device_SOURCES = %D%/test-usb-device.c $(fake_libusb_bed)
%C%_test_usb_device_LDADD = $(unit_usb_libs)
%C%_test_usb_device_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_device_LDFLAGS = $(unit_fake_ldflags)

%C%_test_usb_device_configuration_SOURCES = %D%/test-usb-device-configuration.c $(fake_libusb_bed)
%C%_test_usb_device_configuration_LDADD = $(unit_usb_libs)
%C%_test_usb_device_configuration_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_device_configuration_LDFLAGS = $(unit_fake_ldflags)

%C%_test_usb_find_SOURCES = %D%/test-usb-find.c
%C%_test_usb_find_LDADD = $(unit_usb_libs)
%C%_test_usb_find_CFLAGS = $(unit_usb_cflags)

%C%_test_usb_layout_SOURCES = %D%/test-usb-layout.c
%C%_test_usb_layout_LDADD = $(unit_usb_libs)
%C%_test_usb_layout_CFLAGS = $(unit_usb_cflags)

%C%_test_usb_loop_SOURCES = %D%/test-usb-loop.c $(fake_libusb_bed)
%C%_test_usb_loop_LDADD = $(unit_usb_libs)
%C%_test_usb_loop_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_loop_LDFLAGS = $(unit_fake_ldflags)

%C%_test_usb_pool_SOURCES = %D%/test-usb-pool.c
%C%_test_usb_pool_LDADD = $(unit_usb_libs)
%C%_test_usb_pool_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_pool_LDFLAGS = $(unit_fake_ldflags) -Wl,--wrap=malloc,--wrap=calloc

%C%_test_usb_status_SOURCES = %D%/test-usb-status.c
%C%_test_usb_status_LDADD = $(unit_usb_libs)
%C%_test_usb_status_CFLAGS = $(unit_usb_cflags)

%C%_test_usb_transfer_SOURCES = %D%/test-usb-transfer.c $(fake_libusb_bed)
%C%_test_usb_transfer_LDADD = $(unit_usb_libs)
%C%_test_usb_transfer_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_transfer_LDFLAGS = $(unit_fake_ldflags)

%C%_test_usb_transfer_memory_SOURCES = %D%/test-usb-transfer-memory.c $(fake_libusb_bed)
%C%_test_usb_transfer_memory_LDADD = $(unit_usb_libs)
%C%_test_usb_transfer_memory_CFLAGS = $(unit_usb_cflags)
%C%_test_usb_transfer_memory_LDFLAGS = $(unit_fake_ldflags)

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
