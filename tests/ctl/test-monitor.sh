#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each change is a line, at once, also over a restart of the daemon.
. "$(dirname "$0")/bed.sh"

start_bus
start_mock

# start_monitor [ARGUMENT]...: its lines come on $monitor_out. It has begun when it tells of a device
# that comes and goes until then.
start_monitor() {
	local i

	exec {monitor_out}< <(exec "$ctl" --bus-address="$bus_address" monitor "$@" 2>"$directory/err")
	monitor_pid=$!
	for ((i = 0; i < deadline * 10; i++)); do
		printf '%s\n' 'add guest begin' 'remove guest begin' >&"$mock_in"
		if IFS= read -t 0.1 -r line <&"$monitor_out"; then
			break
		fi
	done
	printf '%s\n' 'add guest end' 'remove guest end' >&"$mock_in"
	while [[ $line != *guest-removed*end* ]]; do
		IFS= read -t "$deadline" -r line <&"$monitor_out" || fail "the monitor has not begun"
	done
}

# stop_monitor CODE
stop_monitor() {
	local got=0

	[ "$1" -ne 143 ] || kill "$monitor_pid"
	wait "$monitor_pid" || got=$?
	exec {monitor_out}<&-
	[ "$got" -eq "$1" ] || fail "exit code $got, not $1"
}

# expect_events: pairs of lines on standard input: a step for the daemon, what the monitor prints.
expect_events() {
	local step want

	while IFS= read -r step && IFS= read -r want; do
		name="tells_of_${step//[^[:print:]]/?}"
		echo "$step" >&"$mock_in"
		wait_for_line "$monitor_out" "$want"
		pass
	done
}

escape=$(printf '\033')
time='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]'

name=monitors
start_monitor
expect_events <<-END
	set device 1-1.9 State starting
	$time device-changed 1-1.9 waiting -> starting
	add session 8 State=starting
	$time session-added 8 1-1.4 win10 starting
	set session 8 State forwarding
	$time session-changed 8 starting -> forwarding
	ended 8 1-1.9 link-lost 'the connection was lost: $escape[2J'
	$time session-ended 8 1-1.9 link-lost: the connection was lost: \\\\x1b\[2J
	ended 9 '' device-lost ''
	$time session-ended 9 device-lost
	add device 3-1 State=idle
	$time device-added 3-1 0781:5581 SanDisk Ultra idle
	remove device 3-1
	$time device-removed 3-1
	set guest build State connected
	$time guest-changed build unreachable -> connected
	set guest build State unreachable
	$time guest-changed build connected -> unreachable: unix:/run/vm/build.sock: No such file: is the guest running[?]
	paused yes
	$time daemon-paused
	paused no
	$time daemon-resumed
	errors 0
	$time configuration-loaded: 0 errors
END

name=is_silent_when_no_state_changes
printf '%s\n' 'set device 1-1.9 LastError something' 'set guest build Description other' \
	'remove session 8' 'add guest last' >&"$mock_in"
wait_for_line "$monitor_out" '*guest-added last idle'
pass

name=believes_nobody_else
for ((i = 0; i < 30; i++)); do
	dbus-send --bus="$bus_address" --type=signal --dest=":1.$i" /org/usbredir1 \
		org.usbredir1.Manager.SessionEnded objpath:/ objpath:/ string:forged string:forged ||
		break
	dbus-send --bus="$bus_address" --type=signal --dest=":1.$i" /org/freedesktop/DBus \
		org.freedesktop.DBus.NameOwnerChanged string:org.usbredir1 string::1.1 string:
done
echo 'remove guest last' >&"$mock_in"
wait_for_line "$monitor_out" '*guest-removed last'
echo 'add guest last' >&"$mock_in"
wait_for_line "$monitor_out" '*guest-added last *'
pass

name=survives_a_restart_of_the_daemon
stop_mock
wait_for_line "$monitor_out" '*daemon-stopped'
start_mock
wait_for_line "$monitor_out" '*daemon-started'
# The guest is not there any more, a device has changed back.
wait_for_line "$monitor_out" '*device-changed 1-1.9 starting -> waiting'
wait_for_line "$monitor_out" '*guest-removed last'
echo 'set device 1-1.9 State failed' >&"$mock_in"
wait_for_line "$monitor_out" '*device-changed 1-1.9 waiting -> failed'
pass

name=tells_of_sessions_that_ended_in_a_restart
stop_mock
wait_for_line "$monitor_out" '*daemon-stopped'
start_mock --devices 1
wait_for_line "$monitor_out" '*daemon-started'
for port in 1-1.10 1-1.4 1-1.9 2-1; do
	wait_for_line "$monitor_out" '*device-removed *'
done
wait_for_line "$monitor_out" '*device-added 1-1 *'
wait_for_line "$monitor_out" '*guest-removed *'
wait_for_line "$monitor_out" '*guest-removed *'
wait_for_line "$monitor_out" '*session-ended 7 1-1.4: while usbredird was not running'
pass

name=ends_when_interrupted
stop_monitor 143
[ ! -s "$directory/err" ] || fail "printed $(cat "$directory/err")"
pass

name=prints_json
start_monitor --json
echo 'add device 4-1' >&"$mock_in"
wait_for_line "$monitor_out" '{"time":[0-9]*,"event":"device-added","device":"4-1","id":"0781:5581","name":"SanDisk Ultra","state":"idle"}'
echo "ended 9 '' device-lost 'a \"b\"'" >&"$mock_in"
wait_for_line "$monitor_out" '{"time":[0-9]*,"event":"session-ended","session":"9","device":"","reason":"device-lost","message":"a \\"b\\""}'
pass

name=ends_when_it_is_not_understood
echo malformed >&"$mock_in"
stop_monitor 1
says 'usbredird has answered what this usbredirctl does not understand: are both of the same version?'
pass

name=ends_when_nobody_reads
start_monitor
exec {monitor_out}<&-
printf '%s\n' 'add guest one' 'add guest two' >&"$mock_in"
wait "$monitor_pid"
[ $? -eq 141 ] || fail "not ended by SIGPIPE"
pass

name=ends_when_the_bus_is_gone
start_monitor
kill "$bus_pid"
wait "$bus_pid"
bus_pid=
stop_monitor 5
says 'the connection to the system bus was lost'
pass

finish
