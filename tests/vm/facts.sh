# SPDX-License-Identifier: LGPL-2.1-or-later
# Facts about machines, a line each, to be sourced by bash, after machine.sh. They are counted in $good
# and $bad. Who sources this has a function "explain", for when one is not so.
# shellcheck shell=bash disable=SC2154

good=0 bad=0

die() {
    echo "FAILED: $*" >&2
    tail -n 20 "$directory"/{output,*.log,*.qemu,*.console} >&2 2>/dev/null
    exit 1
}

# is FACT WANTED GOT
is() {
    if [ "$2" = "$3" ]; then
        good=$((good + 1))
        echo "ok: $1"
        return 0
    fi
    bad=$((bad + 1))
    echo "NOT ok: $1: it is \"$3\", not \"$2\""
    machine_all_run || die "a machine has died"
    explain
    return 1
}

# exits FACT CODE COMMAND...
exits() {
    local fact=$1 code=$2

    shift 2
    "$@" >"$directory/output" 2>&1
    is "$fact" "$code" $? && return
    tail -n 5 "$directory/output" | sed 's/^/    /'
    return 1
}

# kernels_are_content: the last fact.
kernels_are_content() {
    is "no kernel complains" "" \
        "$(grep -hE 'BUG:|WARNING:|Oops|panic|blocked for' "$directory"/*.console)"
}

# facts_end: all is said.
facts_end() {
    echo "$good ok, $bad not ok, in $SECONDS s"
    [ "$bad" -eq 0 ]
}

# took WHAT: the time since the last of these.
took() {
    echo "    ($1: $((SECONDS - took_until)) s)"
    took_until=$SECONDS
}
took_until=0
