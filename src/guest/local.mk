# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libusbguest.a
libusbguest_a_SOURCES = \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/guest.c \
	%D%/guest.h \
	%D%/requests.c \
	%D%/requests.h
