# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	%D%/error.c \
	%D%/error.h
