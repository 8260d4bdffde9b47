#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredir-testguest with the real usbredir-session, and with upstream's usbredirect: what it prints
# of a device, and that every kind of transfer goes through.
. "$(dirname "$0")/bed.sh"

# The host says who it is, which is not the same everywhere; no vendor has this id.
without_host() {
	sed -i 's/"host":{[^}]*},//; /^host$/,/^device$/{/^device$/!d}' "$directory/out"
}

# script HOST FAKE_OPTIONS CODE OPTION...: runs the commands on standard input.
script() {
	cat >"$directory/script"
	start "$1" "$2"
	run "$3" --script="$directory/script" "${@:4}"
	stop
}

describes() {
	name=$1_is_described_as_text
	start "$1" id=fffe:0001
	run 0 --caps=0xfe
	stop
	without_host
	same info.txt
	pass

	name=$1_is_described_as_json
	start "$1" id=fffe:0001
	run 0 --caps=0xfe --json info
	stop
	without_host
	same info.json
	pass
}

transfers() {
	name=$1_carries_transfers
	script "$1" device=every 0 <<-END
		# Patterns, and what is written.
		control 0xc0 1 0 0 8
		control 0x40 2 0 0 4 deadbeef
		control 0xc0 3 0 0 64
		read 0x81 20
		write 2 000102030405
		write 2 @$directory/rest

		# What is no success.
		expect stall control 0xc0 4 0 0 8
		expect stall read 0x88 64
		expect cancelled cancel 0x83 512
		-read 0x88 64
		configuration
		alt 1 2
		alt 1
		descriptors
		quit
		no command
	END
	same transfers.txt
	[ "$(cat "$directory/err")" = "usbredir-testguest: $directory/script:13: read: stall, not success" ] ||
		fail "does not say what failed"
	pass
}

streams() {
	name=$1_carries_streams
	script "$1" rate=8000 0 --json --size=64 <<-END
		receive 0x84 200
		send 5 50
		alt 1 1
		receive 0x86 400
		send 7 400
		alt 1 0
		receive 0x81 100
		receive 0x84 1s
	END
	prints '.*"endpoint":"0x84","status":"success","packets":200,"bytes":12800,"lost":0,"repeated":0,"errors":0,.*'
	prints '.*"endpoint":"0x05","status":"success","bytes":3200,"packets":50,.*'
	prints '.*"endpoint":"0x86","status":"success","packets":400,"bytes":409600,"lost":0,"repeated":0,"errors":0,.*'
	prints '.*"endpoint":"0x07","status":"success","bytes":25600,"packets":400,.*'
	prints '.*"endpoint":"0x81","status":"success","packets":100,"bytes":1638400,"lost":0,"repeated":0,"errors":0,.*'
	[ "$(wc -l <"$directory/out")" -eq 8 ] || fail "not a line for each command"
	pass

	name=$1_is_sent_packets_as_large_as_its_endpoint_takes
	script "$1" rate=8000 0 --json <<-END
		alt 1 2
		send 7 40
	END
	prints '.*"endpoint":"0x07","status":"success","bytes":122880,"packets":40,.*'
	pass
}

bulk_streams() {
	name=$1_carries_bulk_streams
	script "$1" speed=super,device=bulk 0 --stream=2 <<-END
		alloc-streams 0x81,2 4
		read 0x81 4
		write 2 00010203
		free-streams 0x81,2
	END
	prints 'alloc-streams: status=success endpoints=0x00020004 streams=4'
	pass
}

# Bytes 6 to 4095 of the pattern, which 0x02 compares with what it gets.
for ((i = 6; i < 4096; i++)); do printf '\\x%02x' $(((i ^ i >> 8) & 255)); done >"$directory/escaped"
printf %b "$(cat "$directory/escaped")" >"$directory/rest"

hosts=session
! has_usbredirect || hosts+=' usbredirect'
for host_kind in $hosts; do
	describes "$host_kind"
	transfers "$host_kind"
	streams "$host_kind"
	bulk_streams "$host_kind"
done

name=many_transfers_are_in_flight
start session latency-us=2000
run 0 --transfers=16 --json read 0x81 512 200
stop
prints '.*"bytes":102400,"packets":200,.*'
pass

name=a_host_without_long_transfers_is_not_asked_for_one
start session device=bulk
run 1 --caps=0 read 0x81 65536
stop
says 'bulk_packet: longer than the host can say; it has no capability for more than 65535 bytes'
pass

name=vendors_have_names_where_there_is_a_database
if command -v systemd-hwdb >/dev/null && systemd-hwdb query usb:v1209p0001 | grep -q ID_VENDOR_FROM; then
	start session device=bulk
	run 0 info
	stop
	prints '  vendor-name  *Generic'
	pass
else
	echo "no hardware database: its part is left out"
fi

name=a_status_other_than_expected_ends_the_script
script session device=bulk 1 <<-END
	expect stall read 0x81 64
	read 0x81 64
END
says "$directory/script:1: read: success, not stall"
[ "$(wc -l <"$directory/out")" -eq 5 ] || fail "the script went on"
pass

name=what_is_no_command_ends_the_script
script session device=bulk 2 <<-END
	-frobnicate
	read 0x81 64
END
says "$directory/script:1: 'frobnicate' is no command; --help lists them"
pass

name=an_answer_that_does_not_come_is_cancelled_and_said
script session device=every 6 --timeout=1 <<-END
	-read 0x83 64
	read 0x81 4
	read 0x83 64
END
prints 'read: endpoint=0x81 status=success bytes=4'
sed -i 1d "$directory/err"
says "$directory/script:3: nothing came within 1 s; --timeout changes that"
pass

name=waits_until_the_device_is_taken_away
script session unplug-after=3 0 <<-END
	-read 0x81 64 100
	wait
END
says "$directory/script:1: read: cancelled, not success"
pass

name=a_filter_is_sent
start session device=bulk
run 0 --filter='0x03,-1,-1,-1,0|-1,-1,-1,-1,1' read 0x81 1
wait "$host"
grep -q "filter: 0x03,-1,-1,-1,0|-1,-1,-1,-1,1" "$directory/log" || fail "the host has not got it"
pass

name=reject_has_the_device_taken_away
start session device=bulk
run 0 reject
wait "$host"
[ $? -eq 7 ] || fail "the host does not say that"
pass

finish
