#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages of the configuration files have each key that the code has, in its section, and
# no other; their examples can be loaded; and mandoc has nothing to say of them.
set -eu

here=$(dirname "$0")
man=${top_srcdir:-$here/../..}/man
tool=${top_builddir:-$here/../..}/tests/data/config-tool
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
bad=0

fail() {
    echo "NOT ok: $1"
    bad=1
}

# The keys of a page: what begins the line after .TP, up to its "=".
page_keys() {
    awk -v page="$1" '
        { gsub(/\\-/, "-") }
        /^\.S[HS]/ { section = $2 ~ /^\[/ ? $2 : "-" }
        after_tp && $1 ~ /^\.B/ && $2 ~ /^[A-Za-z-]+=$/ { print page, section, $2 }
        { after_tp = $1 == ".TP" }' "$man/$1"
}

# The example of a page, as a file: the first .EX after the heading.
page_example() {
    awk '
        /^\.EE/ { if (inside) exit }
        inside { gsub(/\\-/, "-"); print }
        /^\.SH/ { seen = $2 == "EXAMPLE" }
        /^\.EX/ { inside = seen }' "$man/$1"
}

"$tool" | sort >"$work/code"
for page in usbredird.conf.5 usbredir-guests.5 usbredir-filters.5; do
    page_keys "$page"
done | sort >"$work/pages"
[ -s "$work/pages" ] || fail "no keys were found in the pages"
diff -u "$work/code" "$work/pages" || fail "code (-) and pages (+) have different keys"

mkdir -p "$work/etc/guests.d" "$work/etc/filters.d"
page_example usbredird.conf.5 >"$work/etc/usbredird.conf"
page_example usbredir-guests.5 >"$work/etc/guests.d/win10.conf"
page_example usbredir-filters.5 >"$work/etc/filters.d/10-mine.rules"
printf '[Guest]\nChannel=unix:/run/vm/desktop\n' >"$work/etc/guests.d/desktop.conf"
said=$("$tool" "$work/etc") || fail "an example cannot be loaded"
[ "$said" = "default=desktop guests=2 rules=4" ] || fail "the examples are not whole: $said"

# That this test sees a mistake in an example.
echo 'Colour=red' >>"$work/etc/usbredird.conf"
if "$tool" "$work/etc" 2>/dev/null; then fail "a mistake was not seen"; fi

if command -v mandoc >/dev/null; then
    for page in "$man"/usbredird.conf.5 "$man"/usbredir-guests.5 "$man"/usbredir-filters.5; do
        lint=$(mandoc -Tlint "$page" 2>&1) || true
        [ -z "$lint" ] || fail "$lint"
    done
else
    echo "mandoc is missing: its part is left out"
fi

exit "$bad"
