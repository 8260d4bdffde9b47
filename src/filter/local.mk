# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LIBRARIES += libfilter.a
libfilter_a_SOURCES = \
	%D%/facts.c \
	%D%/facts.h \
	%D%/guests.c \
	%D%/guests.h \
	%D%/key.c \
	%D%/key.h \
	%D%/load.c \
	%D%/load.h \
	%D%/pass.c \
	%D%/pass.h \
	%D%/plain.c \
	%D%/plain.h \
	%D%/policy.c \
	%D%/policy.h \
	%D%/rule-error.c \
	%D%/rule-error.h \
	%D%/rule.c \
	%D%/rule.h \
	%D%/text.c \
	%D%/text.h \
	%D%/tuple.c \
	%D%/tuple.h
