# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests of usbredirctl: a bus of our own, and a daemon on it that is made of nothing.
# All waiting has a deadline.
set -u

here=$(dirname "$0")
ctl=${top_builddir:-.}/usbredirctl
deadline=60
passed=0
name=

# What a person would see, whoever runs the test.
unset NO_COLOR COLUMNS DBUS_SYSTEM_BUS_ADDRESS DBUS_SESSION_BUS_ADDRESS
export LC_ALL=C.UTF-8 TZ=UTC TERM=xterm

python=
for candidate in /usr/bin/python3 python3; do
	if "$candidate" -c 'import dbus, gi' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [ -z "$python" ] || ! command -v dbus-daemon >/dev/null; then
	echo "dbus-daemon or python3-dbusmock is missing: skipped"
	exit 77
fi

directory=$(mktemp -d) || exit 99
bus_pid=
cleanup() {
	[ -z "${MOCK_PID-}" ] || kill "$MOCK_PID" 2>/dev/null
	[ -z "$bus_pid" ] || kill "$bus_pid" 2>/dev/null
	wait
	rm -rf "$directory"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $name: $*"
	exit 1
}

pass() {
	passed=$((passed + 1))
	echo "ok $passed - $name"
}

# wait_for_line FD PATTERN: the next line there must match; it is left in $line.
wait_for_line() {
	IFS= read -t "$deadline" -r line <&"$1" || fail "waited in vain for '$2'"
	# shellcheck disable=SC2053
	[[ $line == $2 ]] || fail "'$line' is not '$2'"
}

bus_address=unix:path=$directory/bus
start_bus() {
	cat >"$directory/bus.conf" <<-END
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <listen>$bus_address</listen>
		  <auth>EXTERNAL</auth>
		  <policy context="default">
		    <allow send_destination="*"/>
		    <allow receive_sender="*"/>
		    <allow own="*"/>
		  </policy>
		</busconfig>
	END
	exec {bus_out}< <(exec dbus-daemon --config-file="$directory/bus.conf" --nofork --nopidfile \
		--nosyslog --print-address=1 2>"$directory/bus.log")
	bus_pid=$!
	wait_for_line "$bus_out" 'unix:*'
}

# start_mock [ARGUMENT]...: orders it gets come on $mock_out, steps go to $mock_in.
start_mock() {
	coproc MOCK { exec "$python" "$here/mock-usbredird.py" "$bus_address" "$@"; }
	exec {mock_out}<&"${MOCK[0]}" {mock_in}>&"${MOCK[1]}"
	wait_for_line "$mock_out" ready
}

stop_mock() {
	local pid=$MOCK_PID

	echo quit >&"$mock_in"
	wait "$pid"
	exec {mock_out}<&- {mock_in}>&-
}

# run CODE [ARGUMENT]...: usbredirctl ends so; what it printed is in $directory/out and err.
run() {
	local code=$1 got=0

	shift
	timeout "$deadline" "$ctl" --bus-address="$bus_address" "$@" \
		>"$directory/out" 2>"$directory/err" </dev/null || got=$?
	[ "$got" -eq "$code" ] || fail "exit code $got, not $code: $(cat "$directory/err")"
}

# same OUT|ERR GOLDEN: what was printed is what that file says. With UPDATE=1 the file is made so.
same() {
	if [ -n "${UPDATE-}" ]; then
		cp "$directory/$1" "$here/golden/$2"
	else
		diff -u "$here/golden/$2" "$directory/$1" || fail "std$1 differs from golden/$2"
	fi
}

# says TEXT: that, and nothing else, was printed as the error.
says() {
	[ "$(cat "$directory/err")" = "$1" ] || fail "printed '$(cat "$directory/err")', not '$1'"
}

finish() {
	echo "[  PASSED  ] $passed test(s)."
}
