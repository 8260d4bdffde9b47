# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libprotocol.a
libprotocol_a_SOURCES = \
	%D%/caps.c \
	%D%/caps.h \
	%D%/descriptor.h \
	%D%/packet.c \
	%D%/packet.h \
	%D%/packets.h \
	%D%/parser.c \
	%D%/parser.h \
	%D%/print.c \
	%D%/writer.c \
	%D%/writer.h
