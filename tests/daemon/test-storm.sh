#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices are plugged in and out at random, faster than sessions begin and end. Afterwards all who
# know devices know the same ones, and the daemon is as big as it was; also when it is killed
# meanwhile. With an argument: the seed.
# shellcheck disable=SC1091,SC2154
set -u

. "$(dirname "$0")/../emulated/world.sh"
. "$(dirname "$0")/daemon.sh"
. "$(dirname "$0")/storm.sh"

daemon_is_possible || exit 77

seed=${1:-$RANDOM}
events=300
ports='1-1 1-2 1-3 1-4 2-1 2-2 2-3 2-4'
rss_slack_kb=512
world_directory=
cleanup() {
    [ -z "$storm_guest" ] || kill "$storm_guest"
    daemon_stop KILL
    world_stop
    wait
} 2>/dev/null
trap cleanup EXIT
trap 'exit 99' TERM INT HUP

fail() {
    grep -A 40 'ERROR: .*Sanitizer' "$world_log"
    tail -n 40 "$world_log" "$world_directory/seen" 2>/dev/null
    echo "FAIL: $name: $* (seed $seed)"
    exit 1
}

pass() {
    echo "ok: $name"
}

must() {
    world_do "$1" || fail "$1"
}

agree() {
    soon agrees || fail "the world has: $(in_the_world | xargs)"
}

unplug_all() {
    local port

    for port in $(in_the_world | cut -d, -f1); do
        must "unplug $port"
    done
    agree
    [ "$(find "$world_directory/run" -type f | wc -l)" -eq 0 ] ||
        fail "records are left: $(find "$world_directory/run" -type f)"
}

storm() {
    seed=$((seed + 1))
    must "storm $events $seed $ports"
    agree
}

# Sets fds and rss (KiB).
measure() {
    fds=$(find "/proc/$daemon_pid/fd" -type l | wc -l)
    rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$daemon_pid/status")
    echo "$1: $fds descriptors, $rss KiB"
}

# The drivers of each kind, when nobody has taken them.
learn_drivers() {
    local kind

    for kind in stick gadget reader keyboard composite; do
        must "plug $kind 4-1"
        must "report 4-1 $world_directory/drivers.$kind"
        must 'unplug 4-1'
    done
}

# has_drivers PORT KIND
has_drivers() {
    local report=$world_directory/report

    world_do "report $1 $report" || return 1
    cmp -s <(grep 'interface.*driver' "$report") \
        <(grep 'interface.*driver' "$world_directory/drivers.$2") &&
        grep -qx 'clients.open=0' "$report"
}

all_have_drivers() {
    local device kind

    must list
    for device in $world_answer; do
        kind=${device#*=}
        has_drivers "${device%%=*}" "${kind%%,*}" ||
            { cp "$world_directory/report" "$world_directory/seen"; return 1; }
    done
}

no_sessions_in_world() {
    [ -z "$(sessions_in_world)" ]
}

name="a world starts"
world_start && world_bus_start || exit 1
start_guest 5 || fail "no guest" # some have to wait
learn_drivers
daemon_start || fail "the daemon does not start"
pass

name="after a storm all agree"
storm
unplug_all
pass

name="the daemon does not grow"
measure "after one storm"
fds_before=$fds rss_before=$rss
storm
unplug_all
storm
unplug_all
measure "after three"
[ "$fds" -eq "$fds_before" ] || fail "$((fds - fds_before)) more descriptors"
# Freed memory stays with a sanitizer for a while; it looks for leaks itself.
grep -q __asan_init "$daemon_build/usbredird" || [ "$rss" -le $((rss_before + rss_slack_kb)) ] ||
    fail "$((rss - rss_before)) KiB more"
pass

name="a daemon killed in a storm leaves nothing behind"
seed=$((seed + 1))
world_do "storm $events $seed $ports" >/dev/null &
storm=$!
for _ in 1 2 3; do
    # Somewhere in the storm, which takes seconds: nothing is waited for.
    sleep 0.7
    daemon_stop KILL 2>/dev/null
    daemon_start || fail "the daemon does not start again"
done
wait "$storm" || fail "the storm"
agree
daemon_stop || fail "exit code $?"
soon no_sessions_in_world || fail "sessions are left: $(sessions_in_world | xargs)"
soon all_have_drivers || fail "a device is without its driver"
pass

name="one that is stopped returns all, and the next one takes them again"
daemon_start || fail "the daemon does not start again"
agree
unplug_all
daemon_stop || fail "exit code $?"
no_sessions_in_world || fail "sessions are left: $(sessions_in_world | xargs)"
pass
