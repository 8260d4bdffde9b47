#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredirctl learn: which device it waits for, and the rule that it makes of it.
. "$(dirname "$0")/bed.sh"

start_bus
start_mock

# learn [ARGUMENT]...: waits for a device; what it prints comes on $learn_out.
learn() {
	exec {learn_out}< <(exec "$ctl" --bus-address="$bus_address" learn "$@" 2>&1)
	learn_pid=$!
	wait_for_line "$learn_out" 'Plug in the device.'
}

learnt() {
	local code=0

	wait "$learn_pid" || code=$?
	[ "$code" -eq "$1" ] || fail "exit code $code, not $1"
	exec {learn_out}<&-
}

step() {
	printf '%s\n' "$@" >&"$mock_in"
}

name=names_a_device_by_its_serial
learn
step 'add device 3-1 Serial=4C53A'
wait_for_line "$learn_out" '-1,0x0781,0x5581,-1,1 serial=4C53A'
learnt 0
pass

name=names_a_device_without_serial_by_its_socket
learn --guest=win10
step 'add device 3-2 Serial='
wait_for_line "$learn_out" 'It has no serial: this is for its kind of device in that socket.'
wait_for_line "$learn_out" '-1,0x0781,0x5581,-1,1 guest=win10 path=pci-0000:00:14.0-usb-0:2'
learnt 0
pass

name=a_serial_is_no_pattern
learn
step "add device 3-3 'Serial=a*b?[c] \\d\"e'"
wait_for_line "$learn_out" '-1,0x0781,0x5581,-1,1 serial="*"'
[ "$line" = '-1,0x0781,0x5581,-1,1 serial="a\*b\?\[c] \\d?e"' ] || fail "$line"
learnt 0
pass

name=waits_until_the_device_is_settled
learn
step 'add device 3-4 Settled=no Serial=' 'set device 3-4 Serial LATE' 'set device 3-4 Settled yes'
wait_for_line "$learn_out" '*serial=LATE'
learnt 0
pass

name=neither_hubs_nor_what_was_there_count
learn
step 'add device 3-5 Verdict=hub Serial=HUB' 'set device 1-1.4 State idle' \
	'set device 1-1.4 State redirected' 'remove device 3-4' 'add device 3-6 Serial=STICK'
wait_for_line "$learn_out" '*serial=STICK'
learnt 0
pass

name=adds_the_rule
learn --add --guest=build
step 'add device 3-7 Serial=NEW'
wait_for_line "$learn_out" '-1,0x0781,0x5581,-1,1 guest=build serial=NEW'
wait_for_line "$mock_out" 'AddRule "-1,0x0781,0x5581,-1,1 guest=build serial=NEW" before=0 file= (may ask)'
wait_for_line "$learn_out" 'Another rule decides before it, /usr/lib/usbredir/filters.d/40-defaults.rules:1: usbredirctl rules add has --file and --before.'
learnt 0
pass

name=prints_json
learn --json
step 'add device 3-8 Serial=J'
wait_for_line "$learn_out" '{'
wait_for_line "$learn_out" '  "device": "3-8",'
wait_for_line "$learn_out" '  "text": "-1,0x0781,0x5581,-1,1 serial=J",'
wait_for_line "$learn_out" '  "added": false'
wait_for_line "$learn_out" '}'
learnt 0
pass

name=refuses_what_is_no_guest
learn --guest='a b'
step 'add device 3-9 Serial=X'
wait_for_line "$learn_out" 'usbredirctl: expected key=value instead of "b"*'
learnt 2
pass

name=ends_with_the_daemon
learn
stop_mock
wait_for_line "$learn_out" 'usbredird is not running: systemctl start usbredird'
learnt 5
pass

finish
