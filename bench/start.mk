# SPDX-License-Identifier: LGPL-2.1-or-later
# What bench/start has the time taken of.
EXTRA_DIST += %D%/start
EXTRA_PROGRAMS += %D%/bench-start
%C%_bench_start_SOURCES = %D%/bench-start.c
%C%_bench_start_LDADD = libusbguest.a libsession.a libprotocol.a libutil.a $(LIBEVENT_LIBS)
