# SPDX-License-Identifier: LGPL-2.1-or-later
# Two virtual machines, minutes: run by scripts/check, not by "make check".
EXTRA_DIST += %D%/README.md %D%/check %D%/image.sh %D%/init %D%/machine.sh
