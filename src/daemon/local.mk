# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"' -DPREFIX='"$(prefix)"'
libdaemon_a_SOURCES = \
	%D%/config-channel.c \
	%D%/config-filters.c \
	%D%/config-guest.c \
	%D%/config-guests.c \
	%D%/config-main.c \
	%D%/config-private.h \
	%D%/config.c \
	%D%/config.h \
	%D%/error.c \
	%D%/error.h \
	%D%/ini.c \
	%D%/ini.h
