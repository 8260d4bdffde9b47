# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libutil.a
libutil_a_SOURCES = \
	%D%/address.c \
	%D%/address.h \
	%D%/array.h \
	%D%/bytes.h \
	%D%/cleanup.h \
	%D%/clock.h \
	%D%/conf-files.c \
	%D%/conf-files.h \
	%D%/log.c \
	%D%/log.h \
	%D%/macro.h \
	%D%/notify.c \
	%D%/notify.h \
	%D%/socket.c \
	%D%/socket.h \
	%D%/thread.c \
	%D%/thread.h
