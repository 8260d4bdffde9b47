#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program usbredird with several guests: lists, a listener that says nothing, devices that come
# back as others or at the other port of their socket.
# shellcheck disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

if ! "$builddir/usbredird" --help | grep -q -e --no-sandbox; then
    echo "built without --enable-test-hooks: skipped"
    exit 77
fi
skip_without busctl python3
world_is_possible || exit 77
bed_start world

# guest_start NAME MODE: one that listens; all of its channels are links to its socket.
guests=()
guest_start() {
    "$builddir/tests/usb/small-guest" "$directory/$1" "$2" >"$directory/$1.log" 2>&1 </dev/null &
    guests+=($!)
    eventually test -S "$directory/$1"
}

# guest_configure NAME CHANNEL...
guest_configure() {
    local name=$1 channel

    shift
    {
        printf '[Guest]\n'
        for channel; do
            printf 'Channel=unix:%s/%s\n' "$directory" "$channel"
        done
        printf '[Connection]\nGreetingSec=1\n'
    } >"$config/guests.d/$name.conf"
}

ctl() {
    "$builddir/usbredirctl" --json "$@"
}

# is COMMAND EXPRESSION: of python, true of what "usbredirctl COMMAND" prints, which is called "o".
is() {
    # shellcheck disable=SC2086
    ctl $1 2>&1 | python3 -c 'import json, sys
o = json.load(sys.stdin)
sys.exit(0 if eval(sys.argv[1]) else 1)' "$2" 2>/dev/null
}

# has GUEST PORT: the guest has that device, and nobody else waits for it.
has() {
    is list "[(d['guest'], d['state']) for d in o if d['port'] == '$2'] == [('$1', 'redirected')]"
}

world() {
    world_do "$1" || fail "$1: $world_answer"
}

guest_configure silent silent-a silent-b
guest_configure win10 win10-a win10-b win10-c
guest_configure nobody nobody-a
for channel in silent-a silent-b; do ln -s silent "$directory/$channel"; done
for channel in win10-a win10-b win10-c; do ln -s win10 "$directory/$channel"; done
cat >"$config/filters.d/10-mine.rules" <<'END'
-1,-1,-1,-1,1  serial=LIST guest=nobody,win10
-1,-1,-1,-1,1  serial=ALONE guest=silent
-1,-1,-1,-1,1  serial=BOTH guest=silent,win10
-1,-1,-1,-1,0  serial=NEVER
-1,-1,-1,-1,1  guest=win10,silent auto=no
END
# 1-3 and 2-3 are the two ports of one socket.
world 'plug keyboard 2-1'
port=$world_root/sys/bus/usb/devices/2-1/../2-0:1.0/usb2-port3
mkdir "$port"
ln -s ../../../usb1/1-0:1.0/usb1-port3 "$port/peer"
guest_start silent silent
guest_start win10 serve
daemon_ready --no-sandbox

name=the_first_of_a_list_that_is_there_has_it
world 'plug stick 1-1 serial=LIST'
eventually has win10 1-1
is 'guest nobody' 'o["state"] == "idle" and o["queue"] == [] and o["retry-at"] == 0' ||
    fail "$(ctl guest nobody)"
is 'guest nobody' '"there is no socket" in o["last-error"] and o["channels"][0]["state"] == "backoff"' ||
    fail "$(ctl guest nobody)"
pass

name=a_channel_that_is_silent_is_left_for_a_free_one_and_the_last_is_not
world 'plug stick 1-2 serial=ALONE'
eventually is 'guest silent' '[c["state"] for c in o["channels"]] == ["backoff", "silent"]'
is 'guest silent' 'o["channels"][1]["device"] == "1-2" and o["state"] == "connected"' ||
    fail "$(ctl guest silent)"
is 'guest silent' '"has said nothing for 1 s" in o["last-error"]' || fail "$(ctl guest silent)"
[ "$(grep -c accepted "$directory/silent.log")" -eq 2 ] || fail "$(cat "$directory/silent.log")"
world 'unplug 1-2'
eventually is sessions 'len(o) == 1'
pass

name=a_guest_that_is_silent_is_left_for_another
world 'plug stick 1-2 serial=BOTH'
eventually has win10 1-2
expect_log "guest 'silent' says nothing over unix:.*: on to guest 'win10'"
[ "$(grep -c accepted "$directory/silent.log")" -eq 3 ] || fail "$(cat "$directory/silent.log")"
pass

name=a_device_that_becomes_another_stays_with_its_guest
world 'plug stick 2-3 serial=S'
eventually is list '[d["state"] for d in o if d["port"] == "2-3"] == ["idle"]'
ctl attach 2-3 win10 >/dev/null || fail "attach"
eventually has win10 2-3
world 'unplug 2-3'
world 'plug composite 2-3'
eventually has win10 2-3
expect_log "2-3: is back as another device, and goes to guest 'win10' again"
pass

name=also_at_the_other_port_of_its_socket
world 'unplug 2-3'
world 'plug stick 2-3 serial=S'
eventually has win10 2-3
world 'unplug 2-3'
world 'plug composite 1-3'
eventually has win10 1-3
pass

name=but_not_where_the_rules_deny_it
world 'unplug 1-3'
world 'plug stick 1-3 serial=NEVER'
eventually is list '[(d["state"], d["verdict"]) for d in o if d["port"] == "1-3"] == [("idle", "denied")]'
[ "$(grep -c '^1-3: is back\|1-3: is back' "$log")" -eq 1 ] || fail "followed"
pass

daemon_stop
for pid in "${guests[@]}"; do
    kill "$pid"
    wait "$pid" 2>/dev/null
done
finish
