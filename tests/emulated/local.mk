# SPDX-License-Identifier: LGPL-2.1-or-later
# USB devices made of code, under umockdev: for tests that need a real libusb.
#
# A test program whose name ends in .mocked runs under umockdev-wrapper. The script that sees to
# that exits 77 where there is none.
EXTRA_DIST += %D%/qemu.sh %D%/run-mocked.sh %D%/world.sh
MOCKED_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/emulated/run-mocked.sh

if HAVE_UMOCKDEV
check_LIBRARIES += %D%/libemulated.a
%C%_libemulated_a_SOURCES = \
	%D%/boot-sector.c \
	%D%/boot-sector.h \
	%D%/bot.c \
	%D%/bot.h \
	%D%/ccid.c \
	%D%/ccid.h \
	%D%/channel.c \
	%D%/channel.h \
	%D%/control.c \
	%D%/control.h \
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
	%D%/mock-thread.c \
	%D%/mock-thread.h \
	%D%/plug.c \
	%D%/properties.c \
	%D%/properties.h \
	%D%/query.c \
	%D%/scsi.c \
	%D%/scsi.h \
	%D%/standard.c \
	%D%/standard.h \
	%D%/stick.c \
	%D%/stick.h \
	%D%/storm.c \
	%D%/storm.h \
	%D%/sysfs.c \
	%D%/sysfs.h \
	%D%/testbed-private.h \
	%D%/testbed.c \
	%D%/testbed.h \
	%D%/token.c \
	%D%/token.h \
	%D%/tree.c \
	%D%/tree.h \
	%D%/uevent.c \
	%D%/uevent.h \
	%D%/urb.c \
	%D%/urb.h \
	%D%/usbfs-ioctl.c \
	%D%/usbfs-ioctl.h \
	%D%/usbfs.c \
	%D%/usbfs.h \
	%D%/words.c \
	%D%/words.h \
	%D%/world.c \
	%D%/world.h
%C%_libemulated_a_CPPFLAGS = $(AM_CPPFLAGS) $(UMOCKDEV_CFLAGS)

check_PROGRAMS += %D%/emulated-usb
%C%_emulated_usb_SOURCES = %D%/emulated-usb.c
%C%_emulated_usb_LDADD = %D%/libemulated.a $(UMOCKDEV_LIBS)

check_LIBRARIES += %D%/libfixture.a
%C%_libfixture_a_SOURCES = %D%/fixture.c %D%/fixture.h

mocked_libs = tests/emulated/libemulated.a $(UMOCKDEV_LIBS) $(LDADD)

mocked_tests = \
	%D%/test-emulated.mocked \
	%D%/test-listener.mocked \
	%D%/test-plug.mocked \
	%D%/test-stick.mocked \
	%D%/test-token.mocked \
	%D%/test-transfers.mocked \
	%D%/test-world.mocked
check_PROGRAMS += $(mocked_tests)
%C%_test_emulated_mocked_SOURCES = %D%/test-emulated.c
%C%_test_emulated_mocked_LDADD = %D%/libfixture.a $(mocked_libs)
%C%_test_listener_mocked_SOURCES = %D%/test-listener.c
%C%_test_listener_mocked_LDADD = %D%/libfixture.a $(mocked_libs) $(LIBUDEV_LIBS)
%C%_test_plug_mocked_SOURCES = %D%/test-plug.c
%C%_test_plug_mocked_LDADD = %D%/libfixture.a $(mocked_libs) $(LIBUDEV_LIBS)
%C%_test_stick_mocked_SOURCES = %D%/test-stick.c
%C%_test_stick_mocked_LDADD = %D%/libfixture.a $(mocked_libs)
%C%_test_token_mocked_SOURCES = %D%/test-token.c
%C%_test_token_mocked_LDADD = %D%/libfixture.a $(mocked_libs)
%C%_test_transfers_mocked_SOURCES = %D%/test-transfers.c
%C%_test_transfers_mocked_LDADD = %D%/libfixture.a $(mocked_libs)
%C%_test_world_mocked_SOURCES = %D%/test-world.c
%C%_test_world_mocked_LDADD = %D%/libfixture.a $(mocked_libs)

dist_check_SCRIPTS += %D%/test-boot.sh %D%/test-world.sh
TESTS += $(mocked_tests) %D%/test-boot.sh %D%/test-world.sh
endif
