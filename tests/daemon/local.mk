# SPDX-License-Identifier: LGPL-2.1-or-later
# The manager between doubles (bed.c), and its parts.
if HAVE_CMOCKA
check_LIBRARIES += %D%/libdaemonbed.a
%C%_libdaemonbed_a_SOURCES = %D%/bed.c %D%/bed.h

daemon_tests = \
	%D%/test-attach \
	%D%/test-memory \
	%D%/test-outcomes \
	%D%/test-record \
	%D%/test-restart \
	%D%/test-rules \
	%D%/test-tls
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)

daemon_libs = libdaemon.a $(LDADD) $(LIBUDEV_LIBS) $(LIBSYSTEMD_LIBS) $(INIH_LIBS)
%C%_test_attach_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_memory_LDADD = $(daemon_libs)
%C%_test_outcomes_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_record_LDADD = $(daemon_libs)
%C%_test_restart_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_rules_LDADD = %D%/libdaemonbed.a $(daemon_libs)
%C%_test_tls_LDADD = %D%/libdaemonbed.a $(daemon_libs)
endif
