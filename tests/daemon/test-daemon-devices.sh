#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program usbredird with emulated devices and a small guest: its objects on D-Bus, each command
# of usbredirctl, and, as root, what another user may do.
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

# json EXPRESSION: of python, true of what was printed, which is called "o".
json() {
    python3 -c 'import json, sys
o = json.load(sys.stdin)
sys.exit(0 if eval(sys.argv[1]) else 1)' "$1" <<<"$out" || fail "not $1: $out"
}

cat >"$config/filters.d/10-mine.rules" <<'END'
-1,-1,-1,-1,0  interface=03/01/01
-1,-1,-1,-1,1  guest=vm1 auto=no
END
printf '[Guest]\nDescription=The first\nChannel=unix:%s\n' "$directory/vm1" >"$config/guests.d/vm1.conf"
world_do 'plug stick 1-1 serial=S1' || fail "$world_answer"
world_do 'plug keyboard 1-2' || fail "$world_answer"
guest_start

name=the_devices_that_are_there_are_known_when_it_is_ready
daemon_start --no-sandbox
expect_notify 'READY=1|STATUS=2 devices, 0 redirected, 0 waiting'
pass

# Attaches 1-1, as session 1.
name=the_interfaces_that_are_installed_are_those_of_the_daemon
inside=yes top_srcdir=$sourcedir sh "$sourcedir/tests/dbus/test-introspection.sh" \
    >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
await_notify 'STATUS=2 devices, 1 redirected, 0 waiting'
pass

name=another_user_may_read_and_change_nothing
# changes INTERFACE PATH: "METHOD SIGNATURE ARGUMENT..." of the methods that anybody may not call.
changes() {
    busctl --xml-interface introspect org.usbredir1 "$2" | python3 -c '
import sys
from xml.etree import ElementTree
values = { "device": ["1-1"], "guest": ["vm1"], "options": ["0"], "rule": ["8,-1,-1,-1,1"],
           "file": ["20-a.rules"], "line": ["1"], "text": ["8,-1,-1,-1,1"] }
free = { "GetDevice", "GetGuest", "Explain", "TestRules", "ListRules", "GetStatistics" }
for i in ElementTree.parse(sys.stdin).getroot().findall("interface"):
    for m in i.findall("method") if i.get("name") == sys.argv[1] else []:
        if m.get("name") in free:
            continue
        into = [a for a in m.findall("arg") if a.get("direction") == "in"]
        print(m.get("name"), "".join(a.get("type") for a in into),
              *(v for a in into for v in values[a.get("name")]))' "$1"
}
if [ "$(id -u)" -eq 0 ]; then
    refused=0
    while read -r interface path; do
        changes "org.usbredir1.$interface" "$path" >"$directory/changes" || fail "no $interface"
        while read -r -a words; do
            answer=$(world_nobody busctl call org.usbredir1 "$path" "org.usbredir1.$interface" \
                "${words[@]}" 2>&1 </dev/null) && fail "$interface.${words[*]} is allowed: $answer"
            [[ $answer == *ccess\ denied* ]] || fail "$interface.${words[*]}: $answer"
            refused=$((refused + 1))
        done <"$directory/changes"
        world_nobody busctl introspect org.usbredir1 "$path" >"$directory/out" 2>&1 </dev/null ||
            fail "$(cat "$directory/out")"
    done <<END
Manager $bus_root
Device $bus_root/devices/_31_2d1
Guest $bus_root/guests/vm1
Session $bus_root/sessions/1
END
    [ "$refused" -eq "$(grep -oE 'M\("[A-Za-z]+", (ATTACH|ATTACH_FORCED|DETACH|MANAGE[A-Z_]*|CAPTURE),' \
        "$sourcedir/src/dbus/methods.h" | wc -l)" ] || fail "$refused were refused"
    world_nobody "$builddir/usbredirctl" list >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
    for command in 'detach --all' 'attach 1-1 vm1' pause resume reload; do
        code=0
        # shellcheck disable=SC2086
        world_nobody "$builddir/usbredirctl" $command >"$directory/out" 2>&1 || code=$?
        [ "$code" -eq 4 ] || fail "usbredirctl $command: $code: $(cat "$directory/out")"
    done
    ctl 0 --json status
    json 'not o["paused"] and o["sessions"]["total"] == 1'
    pass
else
    echo "not root: other users were not tried"
fi

name=shows_devices
ctl 0 list
[[ $out == *1-1*1209:0001*redirected*vm1*10-mine.rules:2* ]] || fail "$out"
[[ $out == *1-2*1209:0004*idle*10-mine.rules:1* ]] || fail "$out"
ctl 0 --json list
json '[d["port"] for d in o] == ["1-1", "1-2"]'
json 'o[0]["state"] == "redirected" and o[0]["guest"] == "vm1" and o[0]["serial"] == "S1"'
json 'o[1]["state"] == "idle" and o[1]["verdict"] == "denied"'
pass

name=shows_guests_and_sessions
ctl 0 --json guests
json 'len(o) == 1 and o[0]["name"] == "vm1" and o[0]["state"] == "connected"'
json 'o[0]["used"] == "1/1" and o[0]["description"] == "The first" and o[0]["sessions"] == ["1"]'
ctl 0 guests
[[ $out == *vm1*connected*1/1* ]] || fail "$out"
ctl 0 --json sessions
json 'len(o) == 1 and o[0]["device"] == "1-1" and o[0]["state"] == "forwarding"'
json 'o[0]["by-hand"] and o[0]["peer-version"] == "small guest" and o[0]["pid"] > 1'
pid=$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["pid"])' <<<"$out")
[[ $(readlink "/proc/$pid/exe") == */usbredir-session ]] || fail "process $pid"
ctl 0 sessions
[[ $out == *1*1-1*vm1*forwarding* ]] || fail "$out"
pass

name=shows_the_status
ctl 0 --json status
json 'o["devices"]["total"] == 2 and o["devices"]["redirected"] == 1 and not o["trouble"]'
ctl 0 --json status 1-1
json 'o["device"]["port"] == "1-1" and o["session"]["statistics"]["packets-received"] > 0'
ctl 0 status 1-1
[[ $out == *forwarding* ]] || fail "$out"
pass

name=explains_and_lists_rules
ctl 0 explain 1-2
[[ $out == *denies*interface\ 0*03/01/01* || $out == *10-mine.rules:1* ]] || fail "$out"
ctl 0 --json explain 1209:0001
json 'o["verdict"] == "allowed" and o["rule"].endswith("10-mine.rules:2")'
ctl 0 --json rules
json '[r["action"] for r in o] == ["deny", "allow"] and o[1]["keys"]["guest"] == "vm1"'
pass

name=refuses_what_cannot_be
ctl 3 attach 4-1 vm1
ctl 3 attach 1-2 nobodys
ctl 4 attach 1-2 vm1
ctl 1 attach 1-1 vm1
[[ $err == *1-1* ]] || fail "$err"
pass

name=monitors_what_happens
exec {events}< <(exec "$builddir/usbredirctl" --json monitor)
monitor=$!
# event TEXT: a line with that comes.
event() {
    local line=

    until [[ $line == *"$1"* ]]; do
        IFS= read -r -t "$deadline" line <&"$events" || fail "waits in vain for $1"
        out=$line
        json 'o["event"] and o["time"] > 0'
    done
}
# It has begun when it tells of a pause.
line=
until [[ $line == *daemon-paused* ]]; do
    ctl 0 pause
    ctl 0 --json status
    json 'o["paused"]'
    IFS= read -r -t 0.1 line <&"$events"
    ctl 0 resume
done
event daemon-resumed
ctl 0 detach 1-1
driver=$(readlink "$world_root/sys/bus/usb/devices/1-1:1.0/driver")
[ "${driver##*/}" = usb-storage ] || fail "the driver of 1-1 is '$driver'"
event '"session-ended"'
[[ $out == *'"asked"'* ]] || fail "$out"
wait "$guest"
world_do 'unplug 1-2' || fail "$world_answer"
event '"device-removed"'
pass

name=attaches_and_waits_for_the_guest
guest_start
ctl 0 --json attach --wait 1-1
json 'int(o["session"]) > 1'
ctl 0 --json list
json '[(d["port"], d["state"]) for d in o] == [("1-1", "redirected")]'
pass

name=a_reload_says_what_is_broken
echo 'what?' >"$config/filters.d/20-yours.rules"
ctl 1 reload
[[ $err == *"$config/filters.d/20-yours.rules:1:"* ]] || fail "$err"
event configuration-loaded
[[ $out == *"20-yours.rules"* || $out == *error* ]] || fail "$out"
ctl 0 status
[[ $out == *"20-yours.rules"* ]] || fail "$out"
rm "$config/filters.d/20-yours.rules"
ctl 0 reload
pass

name=children_return_their_devices_when_it_ends
daemon_stop
wait "$guest"
event daemon-stopped
world_do 'await 1-1 interface.0.driver=usb-storage' || fail "$world_answer"
ctl 5 list
kill "$monitor"
pass
finish
