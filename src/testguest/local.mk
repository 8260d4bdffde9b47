# SPDX-License-Identifier: LGPL-2.1-or-later
# A library, so that tests may use its parts, and the program.
noinst_LIBRARIES += libtestguest.a
libtestguest_a_SOURCES = \
	%D%/batch.c \
	%D%/commands.c \
	%D%/commands.h \
	%D%/descriptors.c \
	%D%/descriptors.h \
	%D%/device.c \
	%D%/info.c \
	%D%/names.c \
	%D%/names.h \
	%D%/options.c \
	%D%/options.h \
	%D%/parse.c \
	%D%/parse.h \
	%D%/print.c \
	%D%/print.h \
	%D%/stream.c \
	%D%/tool.c \
	%D%/tool.h \
	%D%/transfer.c

bin_PROGRAMS += usbredir-testguest
usbredir_testguest_SOURCES = %D%/main.c
usbredir_testguest_LDADD = \
	libtestguest.a libusbguest.a libsession.a libfilter.a libprotocol.a libutil.a \
	$(LIBEVENT_LIBS) $(LIBSYSTEMD_LIBS) $(JANSSON_LIBS)
