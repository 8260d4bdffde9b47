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
	rules.txt          rules
	rules.json         rules --json
END

name=no_control_character_is_printed
for arguments in list 'list --json' 'status 2-1' 'status 2-1 --json' 'explain 1-1.10' status; do
	# shellcheck disable=SC2086
	run 0 $arguments
	if LC_ALL=C grep -q "[^[:print:]$(printf '\200-\377')]" "$directory/out" ||
		grep -q "$(printf '\302\205')" "$directory/out"; then
		fail "$arguments"
	fi
done
pass

name=json_is_json
for arguments in list guests sessions status 'status 1-1.4' 'explain 1-1.4' rules; do
	# shellcheck disable=SC2086
	run 0 --json $arguments
	"$python" -m json.tool <"$directory/out" >/dev/null || fail "$arguments"
done
pass

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
	0|Attach "1-1.4" "" {} (may not ask)|attach --no-ask-password 1-1.4
	0|Detach "1-1.4" {} (may ask)|detach 1-1.4
	0|DetachAll (may ask)|detach --all
	0|Pause (may ask)|pause
	0|Resume (may ask)|resume
	1|Reload (may ask)|reload
END

name=attach_prints_the_session
run 0 attach 1-1.4
[ "$(cat "$directory/out")" = 'session 8' ] || fail "$(cat "$directory/out")"
run 0 attach 1-1.4 --json
[ "$(tr -d ' \n' <"$directory/out")" = '{"session":"8"}' ] || fail "$(cat "$directory/out")"
wait_for_line "$mock_out" 'Attach*'
wait_for_line "$mock_out" 'Attach*'
pass

name=reload_prints_what_is_broken
run 1 reload
says '/etc/usbredir/filters.d/10-sticks.rules:3:7: unknown key "gest=": did you mean guest='
wait_for_line "$mock_out" 'Reload*'
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
		"explain error:$error"; do
		# shellcheck disable=SC2086
		run "$code" $arguments
		says "$error: do \\x1b[31msomething else"
		[ ! -s "$directory/out" ] || fail "printed $(cat "$directory/out")"
	done
	pass
done <<-END
	NoSuchDevice                     3
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
	status takes [DEVICE]|status 1-1 1-2
	attach takes DEVICE [GUEST]|attach
	attach takes DEVICE [GUEST]|attach 1-1 a b
	explain takes DEVICE|explain
	either devices or --all|detach
	either devices or --all|detach --all 1-1
	--all is an option of detach|attach --all 1-1
	--wait is an option of attach|detach --wait 1-1
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
