#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fails when a source file includes from a folder, or from a library, that "floors" does not allow
# its folder, and when a folder below src has no floor. With a directory as argument, checks
# that tree instead (for the test of this test).
set -eu

here=$(dirname "$0")
tree=${1:-${top_srcdir:-$here/../..}}

awk -v tree="$tree" '
function deny(file, line, text, why) {
        printf "%s:%d: %s: %s\n", file, line, text, why
        bad++
}
FNR == NR {
        if ($0 ~ /^#/ || NF == 0)
                next
        if ($1 == "libc")
                libc = libc " " substr($0, 6)
        else {
                floor[$1] = $2
                libraries[$1] = ""
                for (i = 3; i <= NF; i++)
                        libraries[$1] = libraries[$1] " " $i
        }
        next
}
{
        file = $0
        path = substr(file, length(tree) + 2)
        folder = path
        sub(/\/[^\/]*$/, "", folder)
        if (path in floor)
                folder = path
        if (!(folder in floor)) {
                deny(file, 1, folder, "this folder has no floor")
                next
        }
        own = substr(folder, 5)
        line = 0
        while ((getline text < file) > 0) {
                line++
                if (text !~ /^[ \t]*#[ \t]*include/)
                        continue
                count++
                name = text
                gsub(/^[^<"]*[<"]|[>"].*$/, "", name)
                ok = 0
                if (text ~ /"/) {
                        n = split(floor[folder] "," own, allowed, ",")
                        for (i = 1; i <= n; i++)
                                if (name == allowed[i] || index(name, allowed[i] "/") == 1)
                                        ok = 1
                } else {
                        n = split(libc libraries[folder], allowed, " ")
                        for (i = 1; i <= n; i++)
                                if (index(name, allowed[i]) == 1)
                                        ok = 1
                }
                if (!ok)
                        deny(file, line, text, folder " may not include that")
        }
        close(file)
}
END {
        printf "%d includes, %d not allowed\n", count, bad
        exit bad > 0 || count == 0
}' "$here/floors" - <<EOF
$(find "$tree/src" -name '*.[ch]' | LC_ALL=C sort)
EOF
