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

if HAVE_CMOCKA
fake_libusb_tests = \
	%D%/test-fake-device \
	%D%/test-fake-libusb \
	%D%/test-fake-options \
	%D%/test-fake-sandbox \
	%D%/test-fake-timing \
	%D%/test-usbredirect
check_PROGRAMS += $(fake_libusb_tests)
TESTS += $(fake_libusb_tests)

# Linked with the real library, run with the fake.
fake_libusb_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LIBUSB_CFLAGS)
fake_libusb_test_ldflags = $(AM_LDFLAGS) -Wl,-rpath,$(abs_builddir)/%D%
fake_libusb_test_libs = $(CMOCKA_LIBS) $(LIBUSB_LIBS)
fake_libusb_bed = \
	%D%/bed.c \
	%D%/bed.h

%C%_test_fake_device_SOURCES = %D%/test-fake-device.c $(fake_libusb_bed)
%C%_test_fake_device_CFLAGS = $(fake_libusb_test_cflags)
%C%_test_fake_device_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_fake_device_LDADD = $(fake_libusb_test_libs)

%C%_test_fake_libusb_SOURCES = %D%/test-fake-libusb.c $(fake_libusb_bed)
%C%_test_fake_libusb_CFLAGS = $(fake_libusb_test_cflags)
%C%_test_fake_libusb_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_fake_libusb_LDADD = $(fake_libusb_test_libs)

%C%_test_fake_options_SOURCES = %D%/test-fake-options.c $(fake_libusb_bed)
%C%_test_fake_options_CFLAGS = $(fake_libusb_test_cflags)
%C%_test_fake_options_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_fake_options_LDADD = $(fake_libusb_test_libs)

%C%_test_fake_sandbox_SOURCES = %D%/test-fake-sandbox.c
%C%_test_fake_sandbox_CFLAGS = $(fake_libusb_test_cflags) $(LIBSECCOMP_CFLAGS)
%C%_test_fake_sandbox_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_fake_sandbox_LDADD = $(fake_libusb_test_libs) $(LIBSECCOMP_LIBS)

%C%_test_fake_timing_SOURCES = %D%/test-fake-timing.c $(fake_libusb_bed)
%C%_test_fake_timing_CFLAGS = $(fake_libusb_test_cflags)
%C%_test_fake_timing_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_fake_timing_LDADD = $(fake_libusb_test_libs)

%C%_test_usbredirect_SOURCES = %D%/test-usbredirect.c $(fake_libusb_bed)
%C%_test_usbredirect_CFLAGS = $(fake_libusb_test_cflags)
%C%_test_usbredirect_LDFLAGS = $(fake_libusb_test_ldflags)
%C%_test_usbredirect_LDADD = $(fake_libusb_test_libs)
endif
