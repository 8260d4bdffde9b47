#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredir-session's exit codes, when the emulated gadget, its node or its guest is not as wished,
# and whether the gadget got its drivers back. The guest is tests/usb/small-guest.
set -u

builddir=${top_builddir:-.}
session=$builddir/usbredir-session
emulated_usb=$builddir/tests/emulated/emulated-usb
small_guest=$builddir/tests/usb/small-guest
deadline=60
passed=0

if ! "$session" --help | grep -q -e --no-sandbox; then
	echo "built without --enable-test-hooks: skipped"
	exit 77
fi
tools=umockdev-wrapper
# Without its capabilities root is refused like anybody.
unprivileged=()
if [ "$(id -u)" -eq 0 ]; then
	tools+=' setpriv'
	unprivileged=(setpriv --bounding-set=-all --inh-caps=-all --)
fi
for tool in $tools; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing: skipped"
		exit 77
	fi
done

directory=$(mktemp -d) || exit 99
cleanup() {
	[ -z "${host-}" ] || kill "$host" 2>/dev/null
	[ -z "${GUEST_PID-}" ] || kill "$GUEST_PID" 2>/dev/null
	wait
	rm -rf "$directory"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $name: $*"
	cat "$directory/log" "$directory/report" 2>/dev/null
	exit 1
}

# The guest's next line of this kind.
wait_for_guest() {
	local line

	while IFS= read -t "$deadline" -r line <&"$guest_out"; do
		[ "$line" != "$1" ] || return 0
	done
	fail "the guest has not got $1"
}

# start_guest [use|leave]
start_guest() {
	rm -f "$directory/guest"
	coproc GUEST { exec "$small_guest" "$directory/guest" "$@" 2>&1; }
	# bash forgets the coprocess when it ends; what it wrote is wanted still.
	exec {guest_out}<&"${GUEST[0]}"
	wait_for_guest listening
}

# start [OPTION of emulated-usb]... -- COMMAND...
start() {
	rm -f "$directory/report"
	options=$*
	"$emulated_usb" --device gadget --report "$directory/report" "$@" >"$directory/log" 2>&1 &
	host=$!
}

# expect CODE WORD...: the session ends so, and leaves the gadget "attached" or "unplugged".
expect() {
	local line lines

	wait "$host"
	code=$?
	host=
	[ "$code" -eq "$1" ] || fail "exit code $code, not $1"
	if [[ $options == *--fail* ]]; then
		grep -q 'fault injected' "$directory/log" || fail "the failing ioctl was not called"
	fi
	case $2 in
	attached)
		lines='plugged=yes configuration=1 interface.0.driver=usbtest interface.1.driver=usbtest
			interface.0.claimed=no interface.1.claimed=no interface.0.alt=0'
		;;
	unplugged) lines='plugged=no' ;;
	esac
	for line in $lines clients.open=0 urbs.in_flight=0 urbs.abandoned=0; do
		grep -qx "$line" "$directory/report" || fail "the report does not say $line"
	done
	if [ -n "${GUEST_PID-}" ]; then
		kill "$GUEST_PID" 2>/dev/null
		wait "$GUEST_PID" 2>/dev/null
		exec {guest_out}<&-
	fi
	echo "ok: $name: exit code $code, $2"
	passed=$((passed + 1))
}

gadget=("$session" --no-sandbox --device=1209:0002)
to_guest=("${gadget[@]}" --to="unix:$directory/guest")

name="a device that is not there"
start -- "$session" --no-sandbox --device=1209:7777 --to="unix:$directory/guest"
expect 3 attached

name="nobody listens"
start -- "${gadget[@]}" --to="unix:$directory/nobody"
expect 6 attached

name="the node may not be opened"
start_guest
start -- "${unprivileged[@]}" \
	sh -c 'chmod 0 "$UMOCKDEV_DIR/dev/bus/usb/001/002" && exec "$@"' sh "${to_guest[@]}"
expect 5 attached

for fault in DISCONNECT_CLAIM=EBUSY DISCONNECT_CLAIM=EBUSY@2; do
	name="another program uses the device ($fault)"
	start_guest
	start --fail "$fault" -- "${to_guest[@]}"
	expect 4 attached
done

for fault in RESET=ENODEV DISCONNECT_CLAIM=EBUSY@3 DISCONNECT_CLAIM=EIO@4; do
	name="lost by the reset of the claim ($fault)"
	start_guest
	start --fail "$fault" -- "${to_guest[@]}"
	expect 8 attached
done

name="unplugged with a transfer in flight"
start_guest use
start -- "${to_guest[@]}"
wait_for_guest 1
wait_for_guest 100
kill -USR1 "$host"
wait_for_guest closed
expect 8 unplugged

for fault in '' RESET=EIO RELEASEINTERFACE=EIO@3 RESET=EIO@2; do
	name="the guest leaves (${fault:-no fault})"
	start_guest leave
	start ${fault:+--fail "$fault"} -- "${to_guest[@]}"
	wait_for_guest 1
	expect 1 attached
done

name="asked to end with a transfer in flight"
start_guest use
start -- "${to_guest[@]}"
wait_for_guest 1
wait_for_guest 100
kill -TERM "$host"
wait_for_guest 2 # device_disconnect
expect 0 attached

echo "$passed passed"
