# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libsession.a
libsession_a_SOURCES = \
	%D%/control.c \
	%D%/control.h \
	%D%/data.c \
	%D%/describe.c \
	%D%/dial.c \
	%D%/dial.h \
	%D%/guest-filter.c \
	%D%/leave.c \
	%D%/link-events.c \
	%D%/link-io.c \
	%D%/link-private.h \
	%D%/link.c \
	%D%/link.h \
	%D%/managed.c \
	%D%/managed.h \
	%D%/next.c \
	%D%/openssl.c \
	%D%/openssl.h \
	%D%/options.c \
	%D%/options.h \
	%D%/peer-watch.c \
	%D%/peer-watch.h \
	%D%/reason.c \
	%D%/reason.h \
	%D%/recover.c \
	%D%/recover.h \
	%D%/requests.c \
	%D%/requests.h \
	%D%/sandbox.c \
	%D%/sandbox.h \
	%D%/session.c \
	%D%/session.h \
	%D%/setup.c \
	%D%/setup.h \
	%D%/state.c \
	%D%/state.h \
	%D%/streams.c \
	%D%/streams.h \
	%D%/tls-credentials.c \
	%D%/tls-error.c \
	%D%/tls-options.c \
	%D%/tls-options.h \
	%D%/tls-private.h \
	%D%/tls-setup.c \
	%D%/tls.c \
	%D%/tls.h \
	%D%/transport.c \
	%D%/transport.h \
	%D%/unit.c \
	%D%/unit.h \
	%D%/watchdog.c \
	%D%/watchdog.h

bin_PROGRAMS += usbredir-session
usbredir_session_SOURCES = %D%/main.c
usbredir_session_LDADD = \
	libsession.a libusbhost.a libfilter.a libprotocol.a libutil.a \
	$(LIBUSB_LIBS) $(LIBEVENT_LIBS) $(LIBSECCOMP_LIBS)
