#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No daemon, no bus, a daemon that hangs, an output that is full.
. "$(dirname "$0")/bed.sh"

name=no_bus
for arguments in list 'attach 1-1' monitor; do
	# shellcheck disable=SC2086
	run 5 $arguments
	says 'cannot reach the system bus: No such file or directory'
done
pass

name=nonsense_as_bus_address
bus_address=nonsense
run 5 list
grep -q '^cannot reach the system bus: ' "$directory/err" || fail "$(cat "$directory/err")"
bus_address=unix:path=$directory/bus
pass

start_bus

name=no_daemon
for arguments in list guests sessions status 'status 1-1' 'attach 1-1' 'detach 1-1' 'detach --all' \
	'explain 1-1' rules learn monitor reload pause resume; do
	# shellcheck disable=SC2086
	run 5 $arguments
	says 'usbredird is not running: systemctl start usbredird'
done
pass

start_mock

name=bus_from_the_environment
DBUS_SYSTEM_BUS_ADDRESS=$bus_address "$ctl" list >/dev/null || fail "exit code $?"
pass

name=full_output
[ -w /dev/full ] || exit 77
"$ctl" --bus-address="$bus_address" list >/dev/full 2>"$directory/err"
[ $? -eq 1 ] || fail "not a failure"
says 'usbredirctl: cannot write: No space left on device'
pass

name=daemon_that_does_not_answer
run 5 status hang
says 'usbredird does not answer: systemctl status usbredird'
pass

finish
