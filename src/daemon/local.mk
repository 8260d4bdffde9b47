# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	%D%/backoff.c \
	%D%/backoff.h \
	%D%/channel.c \
	%D%/connect.c \
	%D%/connect.h \
	%D%/error.c \
	%D%/error.h \
	%D%/guest-config.c \
	%D%/guest-private.h \
	%D%/guest.c \
	%D%/guest.h \
	%D%/resolve.c \
	%D%/resolve.h
