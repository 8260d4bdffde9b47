# SPDX-License-Identifier: LGPL-2.1-or-later
# The bus code with a fake manager, on a dbus-daemon of the test's own.
if HAVE_CMOCKA
check_LIBRARIES += %D%/libbed.a %D%/libfakemanager.a
%C%_libbed_a_SOURCES = \
	%D%/bed.c \
	%D%/bed.h \
	%D%/fake-polkit.c \
	%D%/fake-polkit.h \
	%D%/private-bus.c \
	%D%/private-bus.h
%C%_libfakemanager_a_SOURCES = \
	%D%/fake-config.c \
	%D%/fake-guest.c \
	%D%/fake-manager.c \
	%D%/fake-manager.h \
	%D%/fake-names.c \
	%D%/fake-private.h \
	%D%/fake-worker.c \
	%D%/fake-worker.h

dbus_ldadd = %D%/libbed.a libdbus.a %D%/libfakemanager.a libdaemon.a $(LDADD) $(INIH_LIBS) $(LIBSYSTEMD_LIBS)
dbus_tests = \
	%D%/test-auth \
	%D%/test-bus \
	%D%/test-manager-bus \
	%D%/test-object \
	%D%/test-policy-bus \
	%D%/test-properties \
	%D%/test-sleep \
	%D%/test-stopping
%C%_test_auth_LDADD = $(dbus_ldadd)
%C%_test_bus_LDADD = $(dbus_ldadd)
%C%_test_manager_bus_LDADD = $(dbus_ldadd)
%C%_test_object_LDADD = $(dbus_ldadd)
%C%_test_policy_bus_LDADD = $(dbus_ldadd)
%C%_test_properties_LDADD = $(dbus_ldadd)
%C%_test_sleep_LDADD = $(dbus_ldadd)
%C%_test_stopping_LDADD = $(dbus_ldadd)

# For programs that call the daemon.
%C%_fake_daemon_LDADD = libdbus.a %D%/libfakemanager.a libdaemon.a $(LDADD) $(INIH_LIBS) $(LIBSYSTEMD_LIBS)
dist_check_SCRIPTS += %D%/with-daemon.sh %D%/test-busctl.sh %D%/test-introspection.sh

check_PROGRAMS += $(dbus_tests) %D%/fake-daemon
TESTS += $(dbus_tests) %D%/test-busctl.sh %D%/test-introspection.sh
endif
