#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices are plugged in and out at random, faster than sessions begin and end. Afterwards all who
# know devices know the same ones, and the daemon is as big as it was; also when people ask for all
# there is meanwhile, or it is killed. With an argument: the seed.
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

guest() {
    DBUS_SYSTEM_BUS_ADDRESS=$world_bus_address busctl --system call \
        org.usbredir1 /org/usbredir1/guests/vm org.usbredir1.Guest "$1"
}

# set_limit N: of devices that the guest takes; 0: none.
set_limit() {
    sed -i "/^MaxDevices=/d; s/^\[Guest\]$/&\nMaxDevices=$1/" "$world_directory/config/guests.d/vm.conf"
}

# As fast as it is answered, while a process runs.
ask_for_anything() {
    local port

    while kill -0 "$1"; do
        port=${ports:RANDOM % 8 * 4:3}
        case $((RANDOM % 13)) in
            0) ctl attach "$port" ;;
            1) ctl attach --wait "$port" vm & ;;
            2) ctl attach --hold --force "$port" vm ;;
            3) ctl detach "$port" ;;
            4) ctl detach "$port" & ;;
            5) ctl detach --all & ;;
            6) ctl pause ;;
            7) ctl resume ;;
            8) ctl status "$port" && ctl explain "$port" && ctl sessions ;;
            9) ctl rules add "-1,-1,-1,-1,$((RANDOM % 2)) port=$port" ;;
            10) rm "$world_directory/config/filters.d/20-added.rules" && ctl reload ;;
            11) set_limit $((RANDOM % 5)) && ctl reload ;;
            12) guest Disconnect && guest Connect ;;
        esac
    done >/dev/null 2>&1
    wait
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

name="what people ask for meanwhile is answered, and leaves nothing behind"
seed=$((seed + 1))
world_do "storm $events $seed $ports" >/dev/null &
storm=$!
ask_for_anything "$storm" &
askers=$!
ask_for_anything "$storm" &
askers+=" $!"
wait "$storm" || fail "the storm"
for asker in $askers; do
    # A session that does not end as it is asked to is killed after 70 s.
    daemon_deadline=300 soon has_ended "$asker" || fail "somebody is not answered"
done
set_limit 0
rm -f "$world_directory/config/filters.d/20-added.rules"
{ ctl resume && guest Connect >/dev/null && ctl reload; } || fail "cannot be as it was"
for port in $(in_the_world | cut -d, -f1); do
    must "unplug $port" # what was detached by hand is the host's
done
agree
storm
unplug_all
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
