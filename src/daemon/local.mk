# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	%D%/error.c \
	%D%/error.h \
	%D%/keep.c \
	%D%/keep.h \
	%D%/launcher.c \
	%D%/launcher.h \
	%D%/order.c \
	%D%/order.h \
	%D%/worker-events.c \
	%D%/worker-private.h \
	%D%/worker.c \
	%D%/worker.h
