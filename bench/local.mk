# SPDX-License-Identifier: LGPL-2.1-or-later
# Built by scripts/bench, and by nothing else: see %D%/README.md.
EXTRA_PROGRAMS += %D%/bench-guest %D%/bench-raw

%C%_bench_guest_SOURCES = \
	%D%/bench-guest.c \
	%D%/histogram.h \
	%D%/load-kinds.c \
	%D%/load-private.h \
	%D%/load.c \
	%D%/load.h \
	%D%/pattern.c \
	%D%/pattern.h \
	%D%/server.c \
	%D%/server.h
%C%_bench_guest_LDADD = libusbguest.a libsession.a libfilter.a libprotocol.a libutil.a $(LIBEVENT_LIBS)

%C%_bench_raw_SOURCES = %D%/bench-raw.c %D%/server.c
%C%_bench_raw_LDADD = libutil.a

# What bench/check preloads.
%D%/count-allocations.so: %D%/count-allocations.c
	$(AM_V_GEN)$(MKDIR_P) %D% && $(CC) $(AM_CFLAGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<
CLEANFILES += %D%/count-allocations.so

include %D%/scale.mk

if HAVE_UPSTREAM_HOST
EXTRA_PROGRAMS += %D%/bench-reference
%C%_bench_reference_SOURCES = %D%/bench-reference.c
%C%_bench_reference_CFLAGS = $(AM_CFLAGS) $(UPSTREAM_HOST_CFLAGS)
%C%_bench_reference_LDADD = $(UPSTREAM_HOST_LIBS) $(LIBUSB_LIBS)
endif
include %D%/policy.mk
include %D%/start.mk
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += \
	%D%/README.md \
	%D%/analysis.py \
	%D%/cases.py \
	%D%/chart.py \
	%D%/check \
	%D%/count-allocations.c \
	%D%/document.py \
	%D%/explanations \
	%D%/guest.py \
	%D%/lying-server \
	%D%/machine.py \
	%D%/main.py \
	%D%/passes.py \
	%D%/plan.py \
	%D%/ratios.py \
	%D%/tables.py \
	%D%/targets.py \
	%D%/test_bench.py
