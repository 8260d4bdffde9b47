# SPDX-License-Identifier: LGPL-2.1-or-later
# The manager between doubles (bed.c), and its parts.
if HAVE_CMOCKA
check_LIBRARIES += %D%/libdaemonbed.a
%C%_libdaemonbed_a_SOURCES = \
	%D%/bed-claims.c \
	%D%/bed-hotplug.c \
	%D%/bed-private.h \
	%D%/bed-session.c \
	%D%/bed.c \
	%D%/bed.h

daemon_tests = \
	%D%/test-attach \
	%D%/test-changes \
	%D%/test-comebacks \
	%D%/test-decisions \
	%D%/test-detach \
	%D%/test-guests \
	%D%/test-hold \
	%D%/test-guards \
	%D%/test-memory \
	%D%/test-outcomes \
	%D%/test-record \
	%D%/test-reload \
	%D%/test-restart \
	%D%/test-rules \
	%D%/test-silent \
	%D%/test-sleep \
	%D%/test-tls
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)

daemon_libs = libdaemon.a $(LDADD) $(LIBUDEV_LIBS) $(LIBSYSTEMD_LIBS) $(INIH_LIBS)
%C%_test_attach_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_changes_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_comebacks_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_decisions_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_detach_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_guests_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_hold_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_guards_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_memory_LDADD = $(daemon_libs)
%C%_test_outcomes_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_record_LDADD = $(daemon_libs)
%C%_test_reload_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_restart_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_rules_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_silent_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_sleep_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_tls_LDADD = %D%/libdaemonbed.a $(daemon_libs)
endif

# On emulated devices: hotplug, and the daemon itself.
EXTRA_DIST += %D%/daemon.sh %D%/storm.sh
if HAVE_UMOCKDEV
hotplug_tests = %D%/test-device-info.mocked %D%/test-hotplug.mocked
hotplug_bed = %D%/hotplug-bed.c %D%/hotplug-bed.h
check_PROGRAMS += $(hotplug_tests)
%C%_test_device_info_mocked_SOURCES = %D%/test-device-info.c $(hotplug_bed)
%C%_test_device_info_mocked_LDADD = libdaemon.a $(mocked_libs) $(LIBUDEV_LIBS)
%C%_test_hotplug_mocked_SOURCES = %D%/test-hotplug.c $(hotplug_bed)
%C%_test_hotplug_mocked_LDADD = libdaemon.a $(mocked_libs) $(LIBUDEV_LIBS)
dist_check_SCRIPTS += %D%/test-errors.sh %D%/test-judge.sh %D%/test-storm.sh
TESTS += $(hotplug_tests) %D%/test-errors.sh %D%/test-judge.sh %D%/test-storm.sh
endif

# The real program.
EXTRA_DIST += %D%/bed.sh %D%/outcome-bed.h
check_PROGRAMS += %D%/notify-listener
%C%_notify_listener_LDADD =
dist_check_SCRIPTS += %D%/test-daemon.sh %D%/test-daemon-bus.sh
TESTS += %D%/test-daemon.sh %D%/test-daemon-bus.sh
if HAVE_UMOCKDEV
dist_check_SCRIPTS += %D%/test-daemon-devices.sh %D%/test-daemon-rules.sh
TESTS += %D%/test-daemon-devices.sh %D%/test-daemon-rules.sh
dist_check_SCRIPTS += %D%/test-daemon-devices.sh %D%/test-daemon-guests.sh
TESTS += %D%/test-daemon-devices.sh %D%/test-daemon-guests.sh
dist_check_SCRIPTS += %D%/test-daemon-devices.sh %D%/test-listen.sh
TESTS += %D%/test-daemon-devices.sh %D%/test-listen.sh
dist_check_SCRIPTS += %D%/test-daemon-devices.sh %D%/test-listen.sh %D%/test-listen-tls.sh
TESTS += %D%/test-daemon-devices.sh %D%/test-listen.sh %D%/test-listen-tls.sh
endif
