#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What each command prints, as text and as JSON, and what it has the daemon do. With UPDATE=1 the
# golden files are written anew; look at the difference then.
. "$(dirname "$0")/bed.sh"

start_bus
start_mock

# Golden file, arguments.
while read -r golden arguments; do
	name="prints_$golden"
	# shellcheck disable=SC2086
	run 0 $arguments
	says ''
	same out "$golden"
	pass
done <<-END
	list.txt           list
	list.txt
	list-no-legend.txt list --no-legend
	list.json          list --json
	guests.txt         guests
	guests.json        --json guests
	guest.txt          guest win10
	guest-waits.txt    guest build
	guest.json         guest build --json
	sessions.txt       sessions
	sessions.json      sessions --json
	status.txt         status
	status.json        status --json
	status-device.txt  status 1-1.4
	status-device.json status 1-1.4 --json
	status-hostile.txt status 2-1
	explain.txt        explain 1-1.10
	explain.json       explain 1-1.10 --json
	explain-none.txt   explain 2-1
	explain-allowed.txt explain 1-1.4
	explain-allowed.json explain 1-1.4 --json
	rules.txt          rules
	rules.json         rules --json
END

name=no_control_character_is_printed
for arguments in list 'list --json' 'status 2-1' 'status 2-1 --json' 'explain 1-1.10' status \
	'doctor --root=/nowhere'; do
	code=0
	[ "${arguments%% *}" != doctor ] || code=1
	# shellcheck disable=SC2086
	run "$code" $arguments
	if LC_ALL=C grep -q "[^[:print:]$(printf '\200-\377')]" "$directory/out" ||
		grep -q "$(printf '\302\205')" "$directory/out"; then
		fail "$arguments"
	fi
done
pass

name=json_is_json
for arguments in list guests 'guest win10' sessions status 'status 1-1.4' 'explain 1-1.4' rules; do
	# shellcheck disable=SC2086
	run 0 --json $arguments
	"$python" -m json.tool <"$directory/out" >/dev/null || fail "$arguments"
done
pass

echo 'add session 8' >&"$mock_in"

# Exit code, the order that the daemon gets ("" for none), arguments.
while IFS='|' read -r code order arguments; do
	name="orders_$arguments"
	# shellcheck disable=SC2086
	run "$code" $arguments
	wait_for_line "$mock_out" "$order"
	pass
done <<-END
	0|Attach "1-1.4" "" {} (may ask)|attach 1-1.4
	0|Attach "0781:5581:X" "win10" {} (may ask)|attach 0781:5581:X win10
	0|Attach "1-1.4" "" {*'wait'*1*} (may ask)|attach --wait 1-1.4
	0|Attach "1-1.4" "" {*'force'*1*} (may ask)|attach --force 1-1.4
	0|Attach "1-1.4" "" {*'wait'*1*'force'*1*} (may ask)|attach --wait --force 1-1.4
	0|Attach "1-1.4" "" {} (may not ask)|attach --no-ask-password 1-1.4
	0|Detach "1-1.4" {} (may ask)|detach 1-1.4
	0|DetachAll (may ask)|detach --all
	0|Pause (may ask)|pause
	0|Resume (may ask)|resume
	1|Reload (may ask)|reload
	0|AddRule "8,-1,-1,-1,1" before=0 file= (may ask)|rules add 8,-1,-1,-1,1
	0|AddRule "-1,-1,-1,-1,1" before=0 file= (may ask)|rules add -1,-1,-1,-1,1
	0|AddRule "-1,-1,-1,-1,1" before=3 file= (may not ask)|--no-ask-password rules add -1,-1,-1,-1,1 --before 3
	0|AddRule "-1,-1,-1,-1,1" before=3 file= (may ask)|rules add --before=3 -- -1,-1,-1,-1,1
	1|AddRule "nonsense" before=0 file= (may ask)|rules -- add nonsense
	0|AddRule "8,-1,-1,-1,1" before=3 file=30-x.rules (may not ask)|rules add --before=3 --file=30-x.rules 8,-1,-1,-1,1 --no-ask-password
	1|AddRule "nonsense" before=0 file= (may ask)|rules add nonsense
	0|RemoveRule "/etc/usbredir/filters.d/10-sticks.rules" 12 "0x08,0x0781,-1,-1,1 guest=win10,build" (may ask)|rules remove 10-sticks.rules:12
	0|RemoveRule "/usr/lib/usbredir/filters.d/40-defaults.rules" 1 "-1,-1,-1,-1,0 interface=03/01/01" (may ask)|rules remove /usr/lib/usbredir/filters.d/40-defaults.rules:1
END

name=attach_prints_the_session
run 0 attach 1-1.4
[ "$(cat "$directory/out")" = 'session 8' ] || fail "$(cat "$directory/out")"
run 0 attach 1-1.4 --json
[ "$(tr -d ' \n' <"$directory/out")" = '{"session":"8"}' ] || fail "$(cat "$directory/out")"
wait_for_line "$mock_out" 'Attach*'
wait_for_line "$mock_out" 'Attach*'
pass

# How far it has come after 20 seconds: exit code, state, what is said.
while IFS='|' read -r code state said; do
	name="attach_waits_until_$state"
	echo "set session 8 State $state" >&"$mock_in"
	run "$code" attach --wait 1-1.4
	says "$said"
	[ "$(cat "$directory/out")" = 'session 8' ] || fail "$(cat "$directory/out")"
	wait_for_line "$mock_out" 'Attach*'
	pass
done <<-END
	0|forwarding|
	0|offered|the guest has the device, and has not used it yet: does its system run?
	1|greeting|the guest does not answer: the session is greeting, and goes on until detach
	1|silent|the guest does not answer: the session is silent, and goes on until detach
END

name=attach_waits_until_it_has_ended
echo 'remove session 8' >&"$mock_in"
run 1 attach --wait 1-1.4
says 'the session has ended'
wait_for_line "$mock_out" 'Attach*'
pass

name=reload_prints_what_is_broken
run 1 reload
says '/etc/usbredir/filters.d/10-sticks.rules:3:7: unknown key "gest=": did you mean guest='
wait_for_line "$mock_out" 'Reload*'
pass

name=a_rule_that_is_not_there_is_not_removed
for place in 10-sticks.rules:13 11-sticks.rules:12 filters.d/10-sticks.rules:12; do
	run 3 rules remove "$place"
	says "there is no rule at $place: usbredirctl rules shows all"
done
pass

name=detach_goes_on_after_an_error
run 3 detach error:NoSuchDevice 1-1.4 error:Denied
wait_for_line "$mock_out" 'Detach "error:NoSuchDevice"*'
wait_for_line "$mock_out" 'Detach "1-1.4"*'
wait_for_line "$mock_out" 'Detach "error:Denied"*'
pass

# The daemon's error, the exit code that follows. The message is printed alone, and escaped.
while read -r error code; do
	name="exit_code_of_$error"
	for arguments in "attach error:$error" "detach error:$error" "status error:$error" \
		"explain error:$error" "guest error:$error"; do
		# shellcheck disable=SC2086
		run "$code" $arguments
		says "$error: do \\x1b[31msomething else"
		[ ! -s "$directory/out" ] || fail "printed $(cat "$directory/out")"
	done
	pass
done <<-END
	NoSuchDevice                     3
	NoSuchRule                       3
	AmbiguousDevice                  3
	NoSuchGuest                      3
	NoFreeChannel                    1
	Denied                           4
	InUse                            1
	AlreadyAttached                  1
	NotAttached                      1
	ConnectFailed                    1
	TLSFailed                        1
	GuestRejected                    1
	DeviceLost                       1
	InvalidRule                      1
	Paused                           1
	LimitReached                     1
	AccessDenied                     4
	InteractiveAuthorizationRequired 4
	InvalidArgs                      2
	Failed                           1
END

# What is wrong, arguments.
while IFS='|' read -r error arguments; do
	name="refuses_$arguments"
	# shellcheck disable=SC2086
	run 2 $arguments
	grep -qF -- "$error" "$directory/err" || fail "$(cat "$directory/err")"
	pass
done <<-END
	'lst' is no command|lst
	list takes no argument|list 1-1
	list takes no argument|list -- --json
	behind "--"|list -j
	status takes [DEVICE]|status 1-1 1-2
	attach takes DEVICE [GUEST]|attach
	attach takes DEVICE [GUEST]|attach 1-1 a b
	explain takes DEVICE|explain
	either devices or --all|detach
	either devices or --all|detach --all 1-1
	--all is an option of detach|attach --all 1-1
	rules takes nothing, add RULE|rules add
	rules takes nothing, add RULE|rules remove
	rules takes nothing, add RULE|rules drop 10-sticks.rules:12
	rules remove takes FILE:LINE|rules remove 10-sticks.rules
	rules remove takes FILE:LINE|rules remove 10-sticks.rules:0
	rules remove takes FILE:LINE|rules remove 10-sticks.rules:-1
	--before takes the number of a line|rules add --before=0 8,-1,-1,-1,1
	--before takes the number of a line|rules add --before=1x 8,-1,-1,-1,1
	are options of rules add|rules --before=1
	are options of rules add|rules --file=a remove 10-sticks.rules:12
	--file is an option of rules|list --file=a
	--add is an option of learn|doctor --add
	--wait is an option of attach|detach --wait 1-1
	--force is an option of attach|detach --force 1-1
	unrecognized option|--frobnicate
	requires an argument|list --bus-address
END

stop_mock
start_mock --devices 200

name=lists_200_devices_in_the_order_of_their_ports
run 0 list --no-legend
[ "$(wc -l <"$directory/out")" -eq 200 ] || fail "$(wc -l <"$directory/out") lines"
cut -d' ' -f1 "$directory/out" | sort -cV || fail "not sorted"
run 0 list --json
[ "$(grep -c '"port"' "$directory/out")" -eq 200 ] || fail "not 200 in JSON"
pass

stop_mock
start_mock --devices 0

name=lists_nothing
run 0 list
[ ! -s "$directory/out" ] || fail "printed $(cat "$directory/out")"
run 0 list --json
[ "$(cat "$directory/out")" = '[]' ] || fail "printed $(cat "$directory/out")"
pass

finish
