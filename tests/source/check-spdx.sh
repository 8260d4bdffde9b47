#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file of code says its licence in its first lines.
set -u

tree=${top_srcdir:-$(dirname "$0")/../..}
bad=0

for file in $(find "$tree/src" "$tree/tests" "$tree/scripts" "$tree/fuzz" "$tree/configure.ac" \
    "$tree/Makefile.am" -type f ! -name '*.md' ! -name '*.o' ! -name '*.a' ! -path '*/.deps/*' \
    ! -name '.dirstamp' ! -perm -u+s | LC_ALL=C sort); do
    case $file in
        *.c | *.h | *.S | *.sh | *.mk | *.am | *.ac | */floors | */scripts/*) ;;
        *) continue ;;
    esac
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' && continue
    echo "$file has no SPDX line"
    bad=$((bad + 1))
done

[ "$bad" -eq 0 ]
