# SPDX-License-Identifier: LGPL-2.1-or-later
# A cmocka program per source file.
if HAVE_CMOCKA
unit_tests =

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
