# SPDX-License-Identifier: LGPL-2.1-or-later
# A libusb whose device is made of code: see %D%/README.md. One command builds it, with the
# program's own flags, so that a sanitized program gets a sanitized library.
fake_libusb = %D%/libusb-1.0.so.0
fake_libusb_headers = \
	%D%/fake.h \
	%D%/options.h
fake_libusb_sources = \
	%D%/context.c \
	%D%/control.c \
	%D%/device.c \
	%D%/endpoint.c \
	%D%/events.c \
	%D%/fault.c \
	%D%/handle.c \
	%D%/model.c \
	%D%/options.c \
	%D%/poll.c \
	%D%/raw.c \
	%D%/report.c \
	%D%/strings.c \
	%D%/sync.c \
	%D%/transfer.c \
	%D%/tree.c

EXTRA_DIST += $(fake_libusb_sources) $(fake_libusb_headers) %D%/README.md
check_DATA += $(fake_libusb)
CLEANFILES += $(fake_libusb)

$(fake_libusb): $(fake_libusb_sources) $(fake_libusb_headers) src/util/macro.h config.h
	$(AM_V_GEN)$(MKDIR_P) %D% && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) \
		$(LIBUSB_CFLAGS) $(AM_CFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden \
		-shared -Wl,-soname,libusb-1.0.so.0 -Wl,-z,relro -Wl,-z,now $(LDFLAGS) \
		-o $@ $(fake_libusb_sources:%=$(top_srcdir)/%)

# For programs that are linked with the real library and run with this one.
fake_ldflags = $(AM_LDFLAGS) -Wl,-rpath,$(abs_builddir)/%D%

if HAVE_CMOCKA
check_LIBRARIES += %D%/libfakebed.a
%C%_libfakebed_a_SOURCES = \
	%D%/bed.c \
	%D%/bed.h

fake_ldadd = %D%/libfakebed.a $(LDADD)

fake_libusb_tests = \
	%D%/test-fake-device \
	%D%/test-fake-libusb \
	%D%/test-fake-options \
	%D%/test-fake-sandbox \
	%D%/test-fake-timing \
	%D%/test-usbredirect
%C%_test_fake_device_LDFLAGS = $(fake_ldflags)
%C%_test_fake_device_LDADD = $(fake_ldadd)
%C%_test_fake_libusb_LDFLAGS = $(fake_ldflags)
%C%_test_fake_libusb_LDADD = $(fake_ldadd)
%C%_test_fake_options_LDFLAGS = $(fake_ldflags)
%C%_test_fake_options_LDADD = $(fake_ldadd)
%C%_test_fake_sandbox_LDFLAGS = $(fake_ldflags)
%C%_test_fake_sandbox_LDADD = $(fake_ldadd)
%C%_test_fake_timing_LDFLAGS = $(fake_ldflags)
%C%_test_fake_timing_LDADD = $(fake_ldadd)
%C%_test_usbredirect_LDFLAGS = $(fake_ldflags)
%C%_test_usbredirect_LDADD = $(fake_ldadd)
check_PROGRAMS += $(fake_libusb_tests)
TESTS += $(fake_libusb_tests)
endif
