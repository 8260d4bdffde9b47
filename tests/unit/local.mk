# SPDX-License-Identifier: LGPL-2.1-or-later
# A cmocka program per source file; its source is test-<file>.c unless said otherwise.
EXTRA_DIST += \
	%D%/capture.h \
	%D%/checked.h \
	%D%/config-bed.h \
	%D%/control-bed.h \
	%D%/devices.h \
	%D%/dial-bed.h \
	%D%/guard-tree.h \
	%D%/guest-bed.h \
	%D%/helpers.h \
	%D%/link-answers.h \
	%D%/link-bed.h \
	%D%/loop-bed.h \
	%D%/run-until.h \
	%D%/sandbox-bed.h \
	%D%/test.h \
	%D%/tls-bed.h \
	%D%/tls-certificates.h \
	%D%/tree.h \
	%D%/usb-bed.h \
	%D%/usb-device-bed.h \
	%D%/usb-transfer-bed.h \
	%D%/usbguest-bed.h \
	%D%/wire-examples.h \
	%D%/worker-bed.h

# What reads configuration files.
config_ldadd = libdaemon.a $(LDADD) $(INIH_LIBS) $(LIBSYSTEMD_LIBS)

if HAVE_CMOCKA
unit_tests = \
	%D%/test-address \
	%D%/test-caps \
	%D%/test-conf-files \
	%D%/test-config \
	%D%/test-config-guests \
	%D%/test-config-mistakes \
	%D%/test-config-reload \
	%D%/test-config-tls \
	%D%/test-daemon-backoff \
	%D%/test-daemon-connect \
	%D%/test-daemon-guard \
	%D%/test-daemon-guest \
	%D%/test-daemon-guest-config \
	%D%/test-daemon-guest-listen \
	%D%/test-daemon-guest-retry \
	%D%/test-daemon-kernel-option \
	%D%/test-daemon-launcher \
	%D%/test-daemon-names \
	%D%/test-daemon-options \
	%D%/test-daemon-outcome \
	%D%/test-daemon-place \
	%D%/test-daemon-port-claims \
	%D%/test-daemon-resolve \
	%D%/test-daemon-tls-files \
	%D%/test-daemon-unconfigured \
	%D%/test-daemon-worker \
	%D%/test-daemon-worker-hostile \
	%D%/test-dial-accept \
	%D%/test-dial-connect \
	%D%/test-facts \
	%D%/test-guests \
	%D%/test-ini \
	%D%/test-key \
	%D%/test-load \
	%D%/test-log \
	%D%/test-notify \
	%D%/test-packet \
	%D%/test-packet-verify \
	%D%/test-parser \
	%D%/test-parser-payload \
	%D%/test-parser-pieces \
	%D%/test-pass \
	%D%/test-plain \
	%D%/test-policy \
	%D%/test-policy-verdicts \
	%D%/test-print \
	%D%/test-rule \
	%D%/test-rule-error \
	%D%/test-rules-edit \
	%D%/test-session-control \
	%D%/test-session-control-hostile \
	%D%/test-session-link \
	%D%/test-session-link-end \
	%D%/test-session-link-flush \
	%D%/test-session-options \
	%D%/test-session-reason \
	%D%/test-session-requests \
	%D%/test-session-sandbox \
	%D%/test-session-sandbox-calls \
	%D%/test-session-state \
	%D%/test-session-tls \
	%D%/test-session-tls-data \
	%D%/test-session-tls-server \
	%D%/test-session-unit \
	%D%/test-socket \
	%D%/test-testguest \
	%D%/test-text \
	%D%/test-tuple \
	%D%/test-usb-bulk-streams \
	%D%/test-usb-device \
	%D%/test-usb-device-configuration \
	%D%/test-usb-find \
	%D%/test-usb-layout \
	%D%/test-usb-layout-fast \
	%D%/test-usb-loop \
	%D%/test-usb-pool \
	%D%/test-usb-status \
	%D%/test-usb-stream \
	%D%/test-usb-transfer \
	%D%/test-usb-transfer-mapped \
	%D%/test-usb-transfer-memory \
	%D%/test-usb-transfer-share \
	%D%/test-usbguest \
	%D%/test-usbguest-hostile \
	%D%/test-writer \
	%D%/test-writer-rules

%C%_test_conf_files_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=geteuid
daemon_ldadd = $(config_ldadd)
%C%_test_daemon_backoff_LDADD = $(daemon_ldadd)
%C%_test_daemon_connect_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
%C%_test_daemon_connect_LDADD = $(daemon_ldadd)
%C%_test_daemon_guest_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
%C%_test_daemon_guard_LDADD = $(daemon_ldadd)
%C%_test_daemon_kernel_option_LDADD = $(daemon_ldadd)
%C%_test_daemon_guest_LDADD = $(daemon_ldadd)
%C%_test_daemon_guest_config_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=calloc
%C%_test_daemon_guest_config_LDADD = $(daemon_ldadd)
%C%_test_daemon_guest_listen_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
%C%_test_daemon_guest_listen_LDADD = $(daemon_ldadd)
%C%_test_daemon_guest_retry_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
%C%_test_daemon_guest_retry_LDADD = $(daemon_ldadd)
%C%_test_daemon_names_LDADD = $(daemon_ldadd)
%C%_test_daemon_options_LDADD = $(daemon_ldadd)
%C%_test_daemon_outcome_LDADD = $(daemon_ldadd)
%C%_test_daemon_place_LDADD = $(daemon_ldadd)
%C%_test_daemon_port_claims_LDADD = $(worker_ldadd)
%C%_test_daemon_unconfigured_LDADD = $(daemon_ldadd)
%C%_test_daemon_resolve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=pthread_create
%C%_test_daemon_resolve_LDADD = $(daemon_ldadd)
%C%_test_config_LDADD = $(config_ldadd)
%C%_test_config_guests_LDADD = $(config_ldadd)
%C%_test_config_mistakes_LDADD = $(config_ldadd)
%C%_test_config_reload_LDADD = $(config_ldadd)
%C%_test_config_tls_LDADD = $(config_ldadd)
%C%_test_daemon_tls_files_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=geteuid
%C%_test_daemon_tls_files_LDADD = $(daemon_ldadd)
%C%_test_ini_LDADD = $(config_ldadd)
%C%_test_rules_edit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=fsync,--wrap=renameat
%C%_test_rules_edit_LDADD = $(config_ldadd)
worker_ldadd = libdaemon.a $(LDADD) $(LIBSYSTEMD_LIBS)
%C%_test_daemon_launcher_LDADD = $(worker_ldadd)
%C%_test_daemon_worker_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open
%C%_test_daemon_worker_LDADD = $(worker_ldadd)
%C%_test_daemon_worker_hostile_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open
%C%_test_daemon_worker_hostile_LDADD = $(worker_ldadd)
%C%_test_session_link_flush_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmsg
%C%_test_session_tls_LDADD = $(LDADD) $(OPENSSL_LIBS)
%C%_test_session_tls_data_LDADD = $(LDADD) $(OPENSSL_LIBS)
%C%_test_session_tls_server_LDADD = $(LDADD) $(OPENSSL_LIBS)
%C%_test_usb_bulk_streams_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=libusb_alloc_streams,--wrap=libusb_free_streams
%C%_test_usb_device_LDFLAGS = $(fake_ldflags)
%C%_test_usb_device_LDADD = $(fake_ldadd)
%C%_test_usb_device_configuration_LDFLAGS = $(fake_ldflags)
%C%_test_usb_device_configuration_LDADD = $(fake_ldadd)
%C%_test_usb_loop_LDFLAGS = $(fake_ldflags)
%C%_test_usb_loop_LDADD = $(fake_ldadd)
%C%_test_usb_pool_LDFLAGS = $(fake_ldflags) -Wl,--wrap=malloc,--wrap=calloc
%C%_test_usb_stream_LDFLAGS = $(fake_ldflags)
%C%_test_usb_stream_LDADD = $(fake_ldadd)
%C%_test_usb_transfer_LDFLAGS = $(fake_ldflags)
%C%_test_usb_transfer_LDADD = $(fake_ldadd)
%C%_test_usb_transfer_memory_LDFLAGS = $(fake_ldflags)
%C%_test_usb_transfer_memory_LDADD = $(fake_ldadd)
%C%_test_usb_transfer_mapped_LDFLAGS = $(fake_ldflags)
%C%_test_usb_transfer_mapped_LDADD = $(fake_ldadd)
%C%_test_usb_transfer_share_LDFLAGS = $(fake_ldflags)
%C%_test_usb_transfer_share_LDADD = $(fake_ldadd)
%C%_test_testguest_LDADD = libtestguest.a libusbguest.a $(LDADD) $(JANSSON_LIBS) $(LIBSYSTEMD_LIBS)
%C%_test_usbguest_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc
%C%_test_usbguest_LDADD = libusbguest.a $(LDADD)
%C%_test_usbguest_hostile_LDADD = libusbguest.a $(LDADD)
%C%_test_writer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# What upstream's library makes of the same bytes, filters and devices.
if HAVE_UPSTREAM
unit_tests += \
	%D%/test-equality \
	%D%/test-filter-upstream
%C%_test_equality_SOURCES = \
	%D%/conversation.c \
	%D%/conversation.h \
	%D%/differences.c \
	%D%/differences.h \
	%D%/test-equality.c \
	%D%/upstream.c \
	%D%/upstream.h \
	%D%/wire.c \
	%D%/wire.h
%C%_test_equality_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_CFLAGS)
%C%_test_equality_LDADD = $(LDADD) $(UPSTREAM_LIBS)
%C%_test_filter_upstream_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_CFLAGS)
%C%_test_filter_upstream_LDADD = $(LDADD) $(UPSTREAM_LIBS)
endif

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
