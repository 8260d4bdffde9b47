# SPDX-License-Identifier: LGPL-2.1-or-later
# What many rules cost.
EXTRA_PROGRAMS += %D%/bench-policy
%C%_bench_policy_SOURCES = %D%/bench-policy.c
%C%_bench_policy_LDADD = libfilter.a libutil.a
