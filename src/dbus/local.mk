# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdbus.a
libdbus_a_SOURCES = \
	%D%/auth.c \
	%D%/auth.h \
	%D%/bus.c \
	%D%/bus.h \
	%D%/call.c \
	%D%/call.h \
	%D%/device-bus.c \
	%D%/digest.c \
	%D%/digest.h \
	%D%/explain.c \
	%D%/explain.h \
	%D%/guest-bus.c \
	%D%/internal.h \
	%D%/log-bus.c \
	%D%/loop.c \
	%D%/loop.h \
	%D%/manager-bus.c \
	%D%/methods.c \
	%D%/methods.h \
	%D%/object.c \
	%D%/object.h \
	%D%/policy-bus.c \
	%D%/property.c \
	%D%/property.h \
	%D%/request.c \
	%D%/request.h \
	%D%/session-bus.c \
	%D%/sleep.c \
	%D%/stopping.c
