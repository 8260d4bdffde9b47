#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manuals of usbredird, usbredir-session and usbredir-testguest know the options, signals and exit
# codes that --help knows, and no others; the states, reasons and methods that the code has, and no others. All
# manuals are well-formed, and those they refer to are there.
set -u

source=${top_srcdir:-$(dirname "$0")/../..}
build=${top_builddir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
name=
passed=0

fail() {
    echo "FAIL: $name: $*"
    exit 1
}

pass() {
    passed=$((passed + 1))
    echo "ok $passed - $name"
}

# same WANT GOT: the same lines, and there are some.
same() {
    [ -n "$1" ] || fail "found nothing in the code"
    [ "$1" = "$2" ] || fail "$(diff <(echo "$1") <(echo "$2"))"
}

# section PAGE HEADING, of the source.
section() {
    awk -v heading=".Sh $2" '/^\.Sh / { inside = $0 == heading; next } inside' "$source/man/$1"
}

# list PAGE HEADING N: what the items of the section's n-th list are, one a line, sorted.
list() {
    section "$1" "$2" | awk -v n="$3" '/^\.Bl/ { seen++ }
        $1 == ".It" && seen == n { $1 = ""; sub(/^ (Cm|Dv) /, ""); gsub(/ *, */, "\n"); print }' |
        sed 's/^ *//' | sort
}

help_options() {
    "$build/$1" --help | sed -n 's/^  \(--[^ ].*\)/\1/p' | sed 's/   *.*//' |
        grep -o -e '--[a-z-]*' | grep -vx -e --no-sandbox | sort
}

manual_options() {
    section "$1" OPTIONS | sed -n 's/^\.It Fl -\([a-z-]*\).*/--\1/p' | sort
}

# "CODE SENTENCE", one a line.
help_codes() {
    "$build/$1" --help | sed -n '/^Exit codes:/,/^$/s/^  \([0-9]\)  /\1 /p' | sort -u
}

# An item may have several, which semicolons part.
manual_codes() {
    section "$1" 'EXIT STATUS' | awk '$1 == ".It" { code = $2; next }
        /^\./ { code = "" }
        code != "" { line = line " " $0; if ($0 !~ /;$/) { print code line; line = "" } else {
            sub(/;$/, "", line); print code line; line = "" } }' | sort -u
}

for page in usbredird.8 usbredir-session.1 usbredir-testguest.1; do
    program=${page%.*}
    name=${program}_and_its_manual_have_the_same_options
    same "$(help_options "$program")" "$(manual_options "$page")"
    pass

    name=${program}_and_its_manual_have_the_same_exit_codes
    same "$(help_codes "$program")" "$(manual_codes "$page")"
    pass
done

name=usbredird_and_its_manual_have_the_same_signals
same "$("$build/usbredird" --help | sed -n '/^Signals:/,/^$/p' | grep -o 'SIG[A-Z]*' | sort)" \
    "$(list usbredird.8 SIGNALS 1)"
pass

# names FILE TABLE: the first string of each row of that X-macro.
names() {
    awk -v start="#define $2(" 'index($0, start) == 1 { inside = 1; next }
        inside { split($0, part, "\""); print part[2] }
        !/\\$/ { inside = 0 }' "$source/src/$1" | sort
}

while read -r n file table; do
    name=manual_has_${table,,}
    same "$(names "$file" "$table")" "$(list usbredird.8 STATES "$n")"
    pass
done <<END
1 daemon/device.h DEVICE_PHASES
2 daemon/guest.h GUEST_STATES
3 daemon/guest.h CHANNEL_STATES
4 daemon/redirection.h REDIRECTION_STATES
6 session/reason.h SESSION_REASONS
END

name=manual_has_verdicts
same "$(grep -o '\[VERDICT_[A-Z_]*\] = "[a-z-]*"' "$source/src/daemon/names.c" | cut -d '"' -f 2 |
    sort)" "$(list usbredird.8 STATES 5)"
pass

# members KIND: "INTERFACE NAME" in what is installed.
members() {
    sed -n "s/.*<interface name=\"\([^\"]*\).*/\1/p; s/.*<$1 name=\"\([^\"]*\).*/ \1/p" \
        "$source"/data/dbus-1/interfaces/*.xml |
        awk '/^ / { print interface, $1; next } { interface = $1 }' | sort
}

# manual_members MACRO: the same of the manual.
manual_members() {
    section usbredird.8 D-BUS | awk -v macro="$1" '
        $1 == ".It" { interface = "-"; for (i = 2; i <= NF; i++) if ($i ~ /^org\./) interface = $i }
        /^\.El/ { exit }
        $1 == macro { for (i = 2; i <= (macro == ".Fn" ? 2 : NF); i++)
            if ($i !~ /^[,;.]$/) print interface, $i }' | sort
}

name=manual_has_each_method
same "$(members method)" "$(manual_members .Fn)"
pass

name=manual_has_no_property_that_is_not_there
{
    members property
    members signal
} | sort >"$work/members"
manual_members .Va >"$work/manual"
[ -s "$work/manual" ] || fail "found none"
missing=$(comm -13 "$work/members" "$work/manual")
[ -z "$missing" ] || fail "$missing"
pass

# Pages of other packages, and ours before they are installed, are not to be found by mandoc.
name=manuals_are_well_formed
if command -v mandoc >/dev/null; then
    for page in "$source"/man/*.[1-8]; do
        mandoc -Tlint "$page" 2>&1 | grep -v 'referenced manual not found: Xr usbredir'
    done >"$work/lint"
    [ ! -s "$work/lint" ] || fail "$(cat "$work/lint")"
    pass
else
    echo "mandoc is missing: its part is left out"
fi

name=manuals_refer_to_manuals_that_are_there
for page in "$source"/man/*.[1-8]; do
    page=${page##*/}
    sed -n 's/\\-/-/g; s/^\.\(Xr\|BR\) \(usbredir[a-z.-]*\) (*\([1-8]\)).*/\2.\3/p
        s/^\.Xr \(usbredir[a-z.-]*\) \([1-8]\).*/\1.\2/p' "$source/man/$page" | sort -u |
        grep -vxF "$page" >"$work/others"
    [ -s "$work/others" ] || fail "$page refers to none"
    while read -r other; do
        [ -e "$source/man/$other" ] || fail "$page: $other is not there"
    done <"$work/others" || exit 1
    cat "$work/others" >>"$work/known"
done
for page in "$source"/man/*.[1-8]; do
    grep -qxF "${page##*/}" "$work/known" || fail "nobody refers to ${page##*/}"
done
pass

echo "[  PASSED  ] $passed test(s)."
