#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole path without a guest OS: a redirecting host gives the emulated stick to QEMU, whose
# firmware boots from it, and the boot sector writes a line to the serial port. Afterwards the stick
# has to be as it was: its driver bound again, nothing claimed, nothing in flight.
#
# REDIRECTOR is the host's command, with %p for QEMU's port; usbredirect if not set.
# With arguments: the USB controllers to try, as -device takes them.
set -u

redirector=${REDIRECTOR:-usbredirect --device 1209:0001 --to 127.0.0.1:%p}
emulated_usb=${top_builddir:-.}/tests/emulated/emulated-usb
boot_line='usbredir: booted from the redirected stick'
deadline=60
[ $# -gt 0 ] || set -- qemu-xhci ich9-usb-ehci1

for tool in qemu-system-x86_64 umockdev-wrapper ${redirector%% *}; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing: skipped"
		exit 77
	fi
done
# Without the redirection device (a package of its own in newer QEMUs) there is nothing to try.
if ! qemu-system-x86_64 -device help 2>&1 | grep -q '"usb-redir"'; then
	echo "QEMU has no usb-redir: skipped"
	exit 77
fi

directory=$(mktemp -d) || exit 99
cleanup() {
	[ -z "${host-}" ] || kill "$host" 2>/dev/null
	[ -z "${guest-}" ] || kill "$guest" 2>/dev/null
	wait
	rm -rf "$directory"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $controller: $*"
	echo "--- the host:"
	cat "$directory/host.log"
	echo "--- the report:"
	cat "$directory/report" 2>/dev/null
	exit 1
}

# The port that QEMU chose, as its monitor tells.
monitor_port() {
	local line

	echo 'info chardev' >&"${QEMU[1]}"
	while IFS= read -t "$deadline" -r line <&"${QEMU[0]}"; do
		if [[ $line =~ 127\.0\.0\.1:([0-9]+) ]]; then
			port=${BASH_REMATCH[1]}
			return 0
		fi
	done
	return 1
}

# Looks every second whether there is still somebody to wait for.
wait_for_boot_line() {
	local line= part= i

	for ((i = 0; i < deadline; i++)); do
		while IFS= read -t 1 -r part <&5; do
			line=$line$part
			[[ $line != *"$boot_line"* ]] || return 0
			line=
		done
		line=$line$part
		kill -0 "$host" 2>/dev/null || fail "the host has ended"
		kill -0 "$guest" 2>/dev/null || fail "QEMU has ended"
	done
	return 1
}

boot() {
	local start=$EPOCHREALTIME

	rm -f "$directory/serial" "$directory/report"
	: >"$directory/host.log"
	mkfifo "$directory/serial" || exit 99
	exec 5<>"$directory/serial"
	coproc QEMU {
		exec qemu-system-x86_64 -M q35,usb=off -accel tcg -m 64 -nodefaults -display none \
			-monitor stdio -serial "file:$directory/serial" -device "$controller,id=hc" \
			-chardev socket,host=127.0.0.1,port=0,server=on,wait=off,id=c1 \
			-device usb-redir,chardev=c1,bus=hc.0,bootindex=0 \
			-boot reboot-timeout=1000 2>&1
	}
	guest=$QEMU_PID
	monitor_port || fail "QEMU did not tell its port"
	"$emulated_usb" --device stick --report "$directory/report" -- \
		${redirector//%p/$port} >"$directory/host.log" 2>&1 &
	host=$!
	wait_for_boot_line || fail "no boot line within $deadline s"
	echo "$controller: \"$boot_line\"" \
		"after $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
	echo quit >&"${QEMU[1]}"
	wait "$host"
	host=
	exec 5<&-
	wait "$guest"
	guest=
}

check_report() {
	grep -qx "$1" "$directory/report" || fail "the report does not say $1"
}

for controller; do
	boot
	check_report plugged=yes
	check_report configuration=1
	check_report interface.0.driver=usb-storage
	check_report interface.0.claimed=no
	check_report clients.open=0
	check_report urbs.in_flight=0
	check_report 'stick.sectors_read=[1-9][0-9]*'
	check_report stick.sectors_written=0
	[ -z "${VERBOSE-}" ] || cat "$directory/host.log" "$directory/report"
done
