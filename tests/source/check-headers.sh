#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every header compiles alone, and begins as all do. With a directory as argument, checks the
# headers of that tree instead (for the test of this test).
set -u

tree=${1:-${top_srcdir:-$(dirname "$0")/../..}}
flags="-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers"
count=0 bad=0

for header in $(find "$tree/src" -name '*.h' | LC_ALL=C sort); do
    count=$((count + 1))
    # shellcheck disable=SC2086
    if ! printf '#include "%s"\n' "${header#"$tree"/src/}" |
        ${CC:-cc} $flags -Werror -I"$tree/src" ${LIBUSB_CFLAGS-} ${LIBEVENT_CFLAGS-} \
            -fsyntax-only -x c -; then
        echo "$header does not compile alone"
        bad=$((bad + 1))
    fi
    if [ "$(sed -n 1p "$header")" != '#pragma once' ] ||
        ! sed -n 2p "$header" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later'; then
        echo "$header does not begin with #pragma once and the SPDX line"
        bad=$((bad + 1))
    fi
done

echo "$count headers, $bad failures"
[ "$bad" -eq 0 ] && [ "$count" -gt 0 ]
