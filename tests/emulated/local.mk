# SPDX-License-Identifier: LGPL-2.1-or-later
# USB devices made of code, under umockdev: for tests that need a real libusb.
EXTRA_DIST += %D%/run-mocked.sh %D%/test-boot.sh

check_LIBRARIES =
if HAVE_UMOCKDEV
check_LIBRARIES += %D%/libemulated.a
%C%_libemulated_a_SOURCES = \
	%D%/boot-sector.c \
	%D%/boot-sector.h \
	%D%/descriptor.c \
	%D%/descriptor.h \
	%D%/device.c \
	%D%/device.h \
	%D%/fault.c \
	%D%/gadget.c \
	%D%/gadget.h \
	%D%/internal.h \
	%D%/ioctls.h \
	%D%/kernel.c \
	%D%/kernel.h \
	%D%/query.c \
	%D%/scsi.c \
	%D%/scsi.h \
	%D%/standard.c \
	%D%/standard.h \
	%D%/stick.c \
	%D%/stick.h \
	%D%/sysfs.c \
	%D%/sysfs.h \
	%D%/testbed.c \
	%D%/testbed.h \
	%D%/urb.c \
	%D%/urb.h \
	%D%/usbfs-ioctl.c \
	%D%/usbfs-ioctl.h \
	%D%/usbfs.c \
	%D%/usbfs.h
%C%_libemulated_a_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(UMOCKDEV_CFLAGS)

check_PROGRAMS += %D%/emulated-usb
%C%_emulated_usb_SOURCES = %D%/emulated-usb.c
%C%_emulated_usb_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_emulated_usb_LDADD = %D%/libemulated.a $(UMOCKDEV_LIBS)
endif
