# SPDX-License-Identifier: LGPL-2.1-or-later
# What reads hostile bytes, under an engine that makes them up (--enable-fuzzers: see %D%/README.md);
# in other builds each target runs its corpus once. A target is its name here and two rows below.
fuzz_targets = \
	%D%/fuzz-address \
	%D%/fuzz-config \
	%D%/fuzz-control \
	%D%/fuzz-descriptors \
	%D%/fuzz-device-info \
	%D%/fuzz-filter \
	%D%/fuzz-layout \
	%D%/fuzz-parser \
	%D%/fuzz-record \
	%D%/fuzz-rules \
	%D%/fuzz-ruleset \
	%D%/fuzz-structured \
	%D%/fuzz-unconfigured \
	%D%/fuzz-worker
if HAVE_CMOCKA
fuzz_targets += %D%/fuzz-session
endif

if FUZZERS
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_ldflags = $(AM_LDFLAGS)
fuzz_engine = %D%/libreplay.a
check_LIBRARIES += %D%/libreplay.a
%C%_libreplay_a_SOURCES = %D%/replay.c
endif

fuzz_ldadd = $(fuzz_engine) $(LDADD)
fuzz_daemon_ldadd = $(fuzz_engine) libdaemon.a $(LDADD) $(INIH_LIBS) $(LIBSYSTEMD_LIBS)

%C%_fuzz_address_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_address_LDADD = $(fuzz_ldadd)
%C%_fuzz_config_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=conf_files_list \
	-Wl,--wrap=conf_files_find -Wl,--wrap=conf_file_read
%C%_fuzz_config_LDADD = $(fuzz_daemon_ldadd)
%C%_fuzz_control_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_control_LDADD = $(fuzz_ldadd)
%C%_fuzz_descriptors_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_descriptors_LDADD = $(fuzz_ldadd)
%C%_fuzz_device_info_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=opendir -Wl,--wrap=readdir \
	-Wl,--wrap=closedir -Wl,--wrap=fopen
%C%_fuzz_device_info_LDADD = $(fuzz_daemon_ldadd)
%C%_fuzz_filter_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_filter_LDADD = $(fuzz_ldadd)
%C%_fuzz_layout_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_layout_LDADD = $(fuzz_ldadd)
%C%_fuzz_parser_SOURCES = %D%/fuzz-parser.c %D%/wire-input.h
%C%_fuzz_parser_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_parser_LDADD = $(fuzz_ldadd)
%C%_fuzz_record_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_record_LDADD = $(fuzz_daemon_ldadd)
%C%_fuzz_rules_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_rules_LDADD = $(fuzz_ldadd)
%C%_fuzz_ruleset_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_ruleset_LDADD = $(fuzz_engine) libctl.a $(LDADD) $(EXPAT_LIBS)
%C%_fuzz_session_LDFLAGS = $(fuzz_ldflags) -Wl,-rpath,$(abs_builddir)/tests/fake-libusb
%C%_fuzz_session_LDADD = $(fuzz_engine) tests/integration/libguest.a $(LDADD)
%C%_fuzz_structured_SOURCES = %D%/fuzz-structured.c %D%/messages.c %D%/messages.h
%C%_fuzz_structured_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_structured_LDADD = $(fuzz_ldadd)
%C%_fuzz_unconfigured_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_unconfigured_LDADD = $(fuzz_daemon_ldadd)
%C%_fuzz_worker_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_worker_LDADD = $(fuzz_daemon_ldadd)

check_PROGRAMS += $(fuzz_targets)
dist_check_SCRIPTS += %D%/test-corpus
TESTS += %D%/test-corpus
EXTRA_DIST += \
	%D%/README.md \
	%D%/config.dict \
	%D%/control.h \
	%D%/corpus \
	%D%/facts.h \
	%D%/fuzz.h \
	%D%/layout.h \
	%D%/record.dict \
	%D%/rules.dict \
	%D%/ruleset.dict \
	%D%/session.h

# Words of the wire, and the first inputs, are printed from its table.
check_PROGRAMS += %D%/make-corpus %D%/make-dictionary
fuzz_dictionaries = %D%/parser.dict %D%/structured.dict
CLEANFILES += $(fuzz_dictionaries)
$(fuzz_dictionaries): %D%/make-dictionary$(EXEEXT)
	$(AM_V_GEN)%D%/make-dictionary$(EXEEXT) >$@

# What scripts/fuzz builds.
.PHONY: fuzzers
fuzzers: $(fuzz_targets) $(fuzz_dictionaries) %D%/make-corpus$(EXEEXT) $(fake_libusb)
