#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of the program usbredird that change while devices are there: what is sent and ended for
# that, and what is not.
# shellcheck disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

if ! "$builddir/usbredird" --help | grep -q -e --no-sandbox; then
    echo "built without --enable-test-hooks: skipped"
    exit 77
fi
skip_without busctl dbus-monitor
world_is_possible || exit 77
bed_start world

state_of() {
    busctl get-property org.usbredir1 "$bus_root/devices/_31_2d$1" org.usbredir1.Device State
}

is_state() {
    [ "$(state_of "$1")" = "s \"$2\"" ]
}

# signals COMMAND...: $signals has a line for each signal that the daemon sends for it. A pause and its
# end tell where that begins and ends.
signals() {
    local line='' begun=

    exec {monitor}< <(exec stdbuf -oL dbus-monitor --address "$DBUS_SYSTEM_BUS_ADDRESS" \
        "type='signal',sender='org.usbredir1'" 2>/dev/null)
    monitor_pid=$!
    until [ -n "$begun" ]; do
        ctl 0 pause
        ctl 0 resume
        while IFS= read -r -t 0.2 line <&"$monitor"; do
            [[ $line != *'"Paused"'* ]] || begun=yes
        done
    done
    "$@"
    ctl 0 pause
    : >"$directory/signals"
    until [[ $line == *'"Paused"'* ]]; do
        IFS= read -r -t "$deadline" line <&"$monitor" || fail "no end of signals"
        echo "$line" >>"$directory/signals"
    done
    kill "$monitor_pid"
    exec {monitor}<&-
    ctl 0 resume
    # The last is that of the pause.
    signals=$(grep '^signal ' "$directory/signals" | sed '$d' | sed 's/.* path=//; s/; interface.*member=/ /')
}

mkdir -p "$config/filters.d"
echo '0x08,-1,-1,-1,1  guest=vm1   # sticks' >"$config/filters.d/10-mine.rules"
printf '[Guest]\nChannel=unix:%s\n' "$directory/vm1" >"$config/guests.d/vm1.conf"
printf '[Guest]\nChannel=unix:%s\n' "$directory/vm2" >"$config/guests.d/vm2.conf"
world_do 'plug stick 1-1 serial=S1' || fail "$world_answer"
world_do 'plug keyboard 1-2' || fail "$world_answer"
guest_start
daemon_ready --no-sandbox
eventually is_state 1 redirected

name=a_reload_of_the_same_files_sends_nothing
signals ctl 0 reload
[ -z "$signals" ] || fail "sent $signals"
touch "$config/filters.d/10-mine.rules" "$config/guests.d/vm1.conf"
signals ctl 0 reload
[ -z "$signals" ] || fail "sent $signals"
is_state 1 redirected || fail "$(state_of 1)"
pass

name=a_rule_that_is_added_is_in_force_and_in_a_file
signals ctl 0 rules add '0x08,-1,-1,-1,1 guest=vm1 serial=other'
[ -z "$signals" ] || fail "sent $signals"
[ "$(cat "$config/filters.d/20-added.rules")" = '0x08,-1,-1,-1,1 guest=vm1 serial=other' ] ||
    fail "$(cat "$config/filters.d/20-added.rules")"
ctl 0 --no-legend rules
[[ $out == *20-added.rules:1* ]] || fail "$out"
pass

name=only_the_device_with_another_verdict_is_told
signals ctl 0 rules add '0x03,-1,-1,-1,1 auto=no'
[ "$signals" = "$bus_root/devices/_31_2d2 PropertiesChanged" ] || fail "sent $signals"
ctl 0 --json explain 1-2
[[ $out == *'"verdict": "allowed"'*20-added.rules:2* ]] || fail "$out"
pass

name=rules_are_tried_without_being_in_force
call TestRules ss '0x03,-1,-1,-1,0' 1-2 || fail "$answer"
[[ $answer == *'"errors" a(uus) 0 "verdict" s "denied"'* ]] || fail "$answer"
call TestRules ss 'x' 1-2 || fail "$answer"
[[ $answer == *'"errors" a(uus) 1 1 1 '* ]] || fail "$answer"
pass

name=files_that_are_not_installed_are_tried
echo '0x08,-1,-1,-1,1 guest=vm2 hold=yes' >"$directory/05-first.rules"
ctl 0 --no-legend test "$directory/05-first.rules"
[[ $out =~ ^1-1\ .*' allowed auto=yes guest=vm1 '+'allowed auto=yes guest=vm2 hold=yes 05-first.rules:1'$ ]] ||
    fail "$out"
: >"$directory/10-mine.rules"
ctl 0 --no-legend test "$directory/10-mine.rules"
[[ $out =~ ^1-1\ .*' allowed auto=yes guest=vm1 '+denied ]] || fail "$out"
ctl 0 --no-legend test "$directory/10-mine.rules" --device=1-2
[[ $out =~ ^1-2\ .*' allowed auto=no '+'allowed auto=no '+20-added.rules:2$ ]] || fail "$out"
is_state 1 redirected || fail "$(state_of 1)"
pass

name=what_is_refused_says_what_to_do
ctl 1 rules add '0x08,-1,-1,-1,1 gest=vm1'
[[ $err == 'column 17: unknown key'* ]] || fail "$err"
ctl 2 rules add --file=mine.rules 0x08,-1,-1,-1,1
[[ $err == *'such as 20-added.rules' ]] || fail "$err"
sed -i 's/0x03/0x0b/' "$config/filters.d/20-added.rules"
ctl 3 rules remove 20-added.rules:2
[[ $err == *'20-added.rules:2 is not the rule "0x03,-1,-1,-1,1 auto=no" but "0x0b,-1,-1,-1,1 auto=no"'* ]] ||
    fail "$err"
sed -i 's/0x0b/0x03/' "$config/filters.d/20-added.rules"
pass

name=a_rule_that_denies_ends_the_session_of_its_device_alone
ctl 0 rules add --file=05-first.rules '0x03,-1,-1,-1,0'
is_state 1 redirected || fail "$(state_of 1)"
ctl 0 rules add --file=05-first.rules --before=1 '0x08,-1,-1,-1,0 serial=S1'
eventually is_state 1 idle
wait "$guest"
[ "$(sed -n 1p "$config/filters.d/05-first.rules")" = '0x08,-1,-1,-1,0 serial=S1' ] || fail "not first"
pass

name=a_rule_that_is_removed_is_no_longer_in_force
guest_start
ctl 0 rules remove 05-first.rules:1
eventually is_state 1 redirected
grep -qx '0x08,-1,-1,-1,1  guest=vm1   # sticks' "$config/filters.d/10-mine.rules" || fail "another file"
pass

name=learns_a_device_that_is_plugged_in
exec {learn}< <(exec "$builddir/usbredirctl" learn --guest=vm2 --add 2>&1)
IFS= read -r -t "$deadline" line <&"$learn"
[ "$line" = 'Plug in the device.' ] || fail "$line"
world_do 'plug stick 1-3 serial=S3' || fail "$world_answer"
IFS= read -r -t "$deadline" line <&"$learn"
[ "$line" = '-1,0x1209,0x0001,-1,1 guest=vm2 serial=S3' ] || fail "$line"
IFS= read -r -t "$deadline" line <&"$learn"
[[ $line == "Another rule decides before it, $config/filters.d/10-mine.rules:1: "* ]] || fail "$line"
grep -qx -- '-1,0x1209,0x0001,-1,1 guest=vm2 serial=S3' "$config/filters.d/20-added.rules" ||
    fail "$(cat "$config/filters.d/20-added.rules")"
pass

name=a_daemon_that_is_killed_finds_the_rules_again
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
wait "$guest"
daemon_ready --no-sandbox
ctl 0 --no-legend rules
[[ $out == *05-first.rules:1*10-mine.rules:1*20-added.rules:1*20-added.rules:2*20-added.rules:3* ]] ||
    fail "$out"
pass

finish
