# SPDX-License-Identifier: LGPL-2.1-or-later
# The same examples here and on an emulated machine of the other byte order.
check_PROGRAMS += %D%/byte-order
%C%_byte_order_LDADD = libprotocol.a libutil.a
dist_check_SCRIPTS += %D%/check
TESTS += %D%/byte-order %D%/check
