# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libusbhost.a
libusbhost_a_SOURCES = \
	%D%/bulk-streams.c \
	%D%/claim.c \
	%D%/device-private.h \
	%D%/device.c \
	%D%/device.h \
	%D%/find.c \
	%D%/find.h \
	%D%/iso-out.c \
	%D%/iso-out.h \
	%D%/layout.c \
	%D%/layout.h \
	%D%/loop.c \
	%D%/loop.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/status.c \
	%D%/status.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/transfer-private.h \
	%D%/transfer.c \
	%D%/transfer.h \
	%D%/transfers.c
