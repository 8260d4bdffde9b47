# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"' -DPREFIX='"$(prefix)"'
libdaemon_a_SOURCES = \
	%D%/activation.c \
	%D%/activation.h \
	%D%/backoff.c \
	%D%/backoff.h \
	%D%/candidates.c \
	%D%/candidates.h \
	%D%/channel-listen.c \
	%D%/channel.c \
	%D%/claimer.c \
	%D%/claimer.h \
	%D%/config-channel.c \
	%D%/config-filters.c \
	%D%/config-guest.c \
	%D%/config-guests.c \
	%D%/config-main.c \
	%D%/config-private.h \
	%D%/config-tls.c \
	%D%/config.c \
	%D%/config.h \
	%D%/connect.c \
	%D%/connect.h \
	%D%/decide.c \
	%D%/detach.c \
	%D%/device-info.c \
	%D%/device-info.h \
	%D%/device.h \
	%D%/devices.c \
	%D%/disk-probe.c \
	%D%/disk-probe.h \
	%D%/endings.c \
	%D%/error.c \
	%D%/error.h \
	%D%/find.c \
	%D%/guard-disk.c \
	%D%/guard-keyboard.c \
	%D%/guard-network.c \
	%D%/guard-private.h \
	%D%/guard.c \
	%D%/guard.h \
	%D%/guards.c \
	%D%/guest-config.c \
	%D%/guest-private.h \
	%D%/guest-queue.c \
	%D%/guest.c \
	%D%/guest.h \
	%D%/guests.c \
	%D%/hold.c \
	%D%/hold.h \
	%D%/hotplug.c \
	%D%/hotplug.h \
	%D%/ini.c \
	%D%/ini.h \
	%D%/judge.c \
	%D%/judge.h \
	%D%/keep.c \
	%D%/keep.h \
	%D%/kernel-option.c \
	%D%/kernel-option.h \
	%D%/launcher.c \
	%D%/launcher.h \
	%D%/limit.c \
	%D%/listener.c \
	%D%/listener.h \
	%D%/manager-private.h \
	%D%/manager.c \
	%D%/manager.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/names.c \
	%D%/options.c \
	%D%/options.h \
	%D%/order.c \
	%D%/order.h \
	%D%/outcome.c \
	%D%/outcome.h \
	%D%/place.c \
	%D%/place.h \
	%D%/port-claims.c \
	%D%/port-claims.h \
	%D%/record.c \
	%D%/record.h \
	%D%/redirection.h \
	%D%/reload.c \
	%D%/request.c \
	%D%/resolve.c \
	%D%/resolve.h \
	%D%/rules-edit.c \
	%D%/rules-edit.h \
	%D%/sessions.c \
	%D%/silent.c \
	%D%/sleep.c \
	%D%/sockets.c \
	%D%/sockets.h \
	%D%/startup.c \
	%D%/tls-files.c \
	%D%/tls-files.h \
	%D%/waiting.c \
	%D%/waiting.h \
	%D%/unconfigured.c \
	%D%/unconfigured.h \
	%D%/worker-events.c \
	%D%/worker-private.h \
	%D%/worker.c \
	%D%/worker.h

sbin_PROGRAMS += usbredird
usbredird_SOURCES = %D%/main.c
usbredird_CPPFLAGS = $(AM_CPPFLAGS) -DSESSION_PROGRAM='"$(bindir)/usbredir-session"'
usbredird_LDADD = \
	libdbus.a libdaemon.a libsession.a libfilter.a libutil.a \
	$(LIBEVENT_LIBS) $(LIBUDEV_LIBS) $(LIBSYSTEMD_LIBS) $(INIH_LIBS)
