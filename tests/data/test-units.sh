#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd's own opinion of the installed units: no mistake in them or in what they pull in, and
# little to attack. Prints the scores, 10 is a program that may do anything.
set -eu

if ! command -v systemd-analyze >/dev/null; then
    echo "systemd-analyze is missing"
    exit 77
fi

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
root=$directory/root
units=$directory/units

make -s -C "$top_builddir" install DESTDIR="$root" >"$directory/log" 2>&1 || {
    cat "$directory/log"
    exit 1
}
mkdir "$units"
find "$root" \( -name '*.service' -o -name '*.socket' -o -name '*.slice' \) \
    -not -path '*/dbus-1/*' -exec cp -t "$units" {} +

# As at their place, in the root that we have: programs are looked for.
sed -i -E "s|^(Exec[A-Za-z]*=[-+@!:]*)(/[^ ]*/usbred)|\1$root\2|" "$units"/*.service

names=("$units"/*)
export SYSTEMD_UNIT_PATH="$units:"
systemd-analyze verify --man=no --recursive-errors=yes "${names[@]##*/}"
echo "no mistake in ${names[*]##*/}"

# score UNIT LIMIT
score() {
    systemd-analyze security --offline=true --no-pager --threshold="$2" "$units/$1" >"$directory/score" || {
        cat "$directory/score"
        echo "$1: more than $2/10"
        exit 1
    }
    tail -n 1 "$directory/score"
}

score usbredird.service 20
score usbredir-session@.service 5
