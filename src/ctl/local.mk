# SPDX-License-Identifier: LGPL-2.1-or-later
# A library, so that tests may use its parts, and the program.
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	%D%/attach.c \
	%D%/bus.c \
	%D%/bus.h \
	%D%/commands.h \
	%D%/ctl.h \
	%D%/convert.c \
	%D%/daemon.c \
	%D%/description.c \
	%D%/description.h \
	%D%/details.c \
	%D%/details.h \
	%D%/devices.c \
	%D%/doctor-objects.c \
	%D%/doctor.c \
	%D%/doctor.h \
	%D%/event.c \
	%D%/event.h \
	%D%/guests.c \
	%D%/host.c \
	%D%/host.h \
	%D%/learn.c \
	%D%/input.c \
	%D%/input.h \
	%D%/libvirt.c \
	%D%/listing.c \
	%D%/listing.h \
	%D%/merge.c \
	%D%/merge.h \
	%D%/monitor.c \
	%D%/note.c \
	%D%/note.h \
	%D%/objects.c \
	%D%/objects.h \
	%D%/options.c \
	%D%/options.h \
	%D%/policy.c \
	%D%/policy.h \
	%D%/reduce.c \
	%D%/reduce.h \
	%D%/ruleset.c \
	%D%/ruleset.h \
	%D%/scanner.c \
	%D%/scanner.h \
	%D%/sessions.c \
	%D%/status.c \
	%D%/test.c \
	%D%/text.c \
	%D%/text.h \
	%D%/usbguard.c \
	%D%/value.c \
	%D%/value.h

bin_PROGRAMS += usbredirctl
usbredirctl_SOURCES = %D%/main.c
usbredirctl_LDADD = \
	libctl.a libfilter.a libutil.a \
	$(LIBSYSTEMD_LIBS) $(JANSSON_LIBS) $(SMARTCOLS_LIBS) $(EXPAT_LIBS)
