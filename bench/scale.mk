# SPDX-License-Identifier: LGPL-2.1-or-later
# The load of bench/scale.
EXTRA_PROGRAMS += %D%/bench-guests
%C%_bench_guests_SOURCES = %D%/bench-guests.c
%C%_bench_guests_LDADD = \
	libusbguest.a libsession.a libprotocol.a libutil.a $(LIBEVENT_LIBS)
