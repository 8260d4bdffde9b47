# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests of usbredir-testguest: a usb-host on the fake libusb, and the tool as people
# run it. All waiting has a deadline.
set -u

here=$(dirname "$0")
build=${top_builddir:-.}
tool=$build/usbredir-testguest
deadline=60
passed=0
name=
host=

export LC_ALL=C.UTF-8

directory=$(mktemp -d) || exit 99
chmod 755 "$directory"
cleanup() {
	[ -z "$host" ] || kill "$host" 2>/dev/null
	wait
	rm -rf "$directory"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $name: $*"
	cat "$directory/err" "$directory/log" 2>/dev/null
	exit 1
}

pass() {
	passed=$((passed + 1))
	echo "ok $passed - $name"
}

# A sanitized library loads into a sanitized program only.
has_usbredirect() {
	if grep -q __asan_init "$tool"; then
		echo "usbredirect cannot load a sanitized library: its part is left out"
	elif ! command -v usbredirect >/dev/null; then
		echo "usbredirect is not installed: its part is left out"
	else
		return 0
	fi
	return 1
}

# A port nobody listens on, below those that connections get.
free_port() {
	local port

	while port=$((20000 + RANDOM % 10000)) &&
		grep -qi ":$(printf %04x "$port") " /proc/net/tcp /proc/net/tcp6; do :; done
	echo "$port"
}

# The fake's vendor and product, with these options.
usb_id() {
	case $1 in
	*id=*) expr "$1" : '.*id=\([^,]*\)' ;;
	*) echo 1209:0001 ;;
	esac
}

# start session|usbredirect FAKE_OPTIONS: the host offers the fake device at $address.
start() {
	local command

	case $1 in
	session)
		address=unix:$directory/socket
		# The leak checker needs ptrace, which the sandbox does not allow.
		command=(env ASAN_OPTIONS=detect_leaks=0 "$build/usbredir-session" --user=nobody
			--device=fd:3 --listen="$address")
		;;
	usbredirect)
		address=tcp:127.0.0.1:$(free_port)
		command=(usbredirect --device "$(usb_id "$2")" --as "${address#tcp:}")
		;;
	esac
	LD_LIBRARY_PATH=$build/tests/fake-libusb FAKE_LIBUSB=report=stderr,$2 \
		timeout "$deadline" "${command[@]}" 3</dev/null >"$directory/log" 2>&1 &
	host=$!
}

# run CODE ARGUMENT...: the tool ends so, once the host is there; what it printed is in
# $directory/out and err.
run() {
	local code=$1 got end=$((SECONDS + deadline))

	shift
	while
		got=0
		timeout "$deadline" "$tool" --connect="$address" "$@" >"$directory/out" \
			2>"$directory/err" </dev/null || got=$?
		[ "$got" -eq 3 ] && [ "$SECONDS" -lt "$end" ] && kill -0 "$host" 2>/dev/null
	do :; done
	[ "$got" -eq "$code" ] || fail "exit code $got, not $code"
}

# The host ends with its guest, and says what was done with the device.
stop() {
	wait "$host"
	host=
	reported misuse 0
	reported leaked-transfers 0
	reported pattern-mismatches 0
}

# reported KEY VALUE
reported() {
	grep -qx "$1=$2" "$directory/log" || fail "not $1=$2"
}

# says TEXT: that, and nothing else, was printed as the error.
says() {
	[ "$(cat "$directory/err")" = "usbredir-testguest: $1" ] ||
		fail "printed '$(cat "$directory/err")'"
}

# prints PATTERN: one of the lines that were printed matches all of it.
prints() {
	grep -qxE -- "$1" "$directory/out" || fail "no line '$1' in $(cat "$directory/out")"
}

# same GOLDEN: what was printed is what that file says. With UPDATE=1 the file is made so.
same() {
	if [ -n "${UPDATE-}" ]; then
		cp "$directory/out" "$here/golden/$1"
	else
		diff -u "$here/golden/$1" "$directory/out" || fail "differs from golden/$1"
	fi
}

finish() {
	echo "[  PASSED  ] $passed test(s)."
}
