#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that cannot be reached: people are told why, on the bus and in the log, and there once for
# each change, not for each attempt.
# shellcheck disable=SC1091,SC2154,SC2015,SC2034,SC2053
set -u

. "$(dirname "$0")/../emulated/world.sh"
. "$(dirname "$0")/daemon.sh"

daemon_is_possible || exit 77

seconds=3
most_attempts=4 # in that time, with delays of 1 and 2 s, give or take a quarter, and two of hello
name=setup
guests=()
world_directory=
cleanup() {
    [ "${#guests[@]}" -eq 0 ] || kill "${guests[@]}"
    daemon_stop KILL
    world_stop
    wait
} 2>/dev/null
trap cleanup EXIT
trap 'exit 99' TERM INT HUP

fail() {
    echo "FAIL: $name: $*"
    cat "$world_log"
    exit 1
}

pass() {
    echo "ok: $name"
}

must() {
    world_do "$1" || fail "$1"
}

# start_guest NAME HOW: at NAME.sock, as small-guest's second argument says.
start_guest() {
    rm -f "$world_directory/$1.sock"
    "${top_builddir:-.}/tests/usb/small-guest" "$world_directory/$1.sock" "$2" \
        >"$world_directory/$1.out" 2>&1 &
    guests+=($!)
    soon grep -sqx listening "$world_directory/$1.out" || fail "no guest"
}

# add_guest NAME "CHANNEL..." PORT...: what is plugged in there is for this guest.
add_guest() {
    local port

    # shellcheck disable=SC2086
    printf 'Channel=%s\n' $2 | cat <(echo '[Guest]') - >"$world_directory/config/guests.d/$1.conf"
    for port in "${@:3}"; do
        echo "-1,-1,-1,-1,1 port=$port guest=$1" >>"$world_directory/config/filters.d/10-test.rules"
    done
}

# Port 1-4 becomes "_31_2d4".
object() {
    echo "_3${1/-/_2d}"
}

says() {
    [[ $(property "$1" "$2" "$3") == $4 ]]
}

# expect OBJECT INTERFACE PROPERTY PATTERN
expect() {
    soon says "$@" || fail "$2.$3 of $1 is $(property "$1" "$2" "$3"), not $4"
}

# logged COUNT TEXT
logged() {
    local count

    count=$(grep -cF "$2" "$world_log")
    [ "$count" -eq "$1" ] || fail "the log says $count times, not $1: $2"
}

is_another_time() {
    time=$(property "guests/$1" Guest RetryAtUSec)
    [ "$time" != 't 0' ] && [ "$time" != "$2" ]
}

# It has failed, and twice more.
await_retries() {
    local time=''

    for _ in 1 2 3; do
        soon is_another_time "$1" "$time" || fail "it was not tried again"
    done
}

# One where nobody listens.
free_port() {
    local port

    for ((port = 49152; port < 65536; port++)); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# tells NAME PORT TEXT: the guest cannot be reached, by everything that can be looked at.
tells() {
    expect "devices/$(object "$2")" Device LastError "s \"$3\""
    expect "devices/$(object "$2")" Device State 's "waiting"'
    expect "guests/$1" Guest LastError "s \"$3\""
    expect "guests/$1" Guest State 's "unreachable"'
    [ "$(property "guests/$1" Guest RetryAtUSec)" != 't 0' ] || fail "no RetryAtUSec"
}

# attach_fails DEVICE GUEST ERROR TEXT
attach_fails() {
    local answer

    answer=$(SYSTEMD_LOG_LEVEL=debug call Attach 'ssa{sv}' "$1" "$2" 0 2>&1) &&
        fail "Attach to $2 has worked"
    [[ $answer == *error-name=org.usbredir1.Error.$3\ * ]] || fail "not $3: $answer"
    [[ $answer == *"Call failed: "$4* ]] || fail "not $4: $answer"
    expect "devices/$(object "$1")" Device State 's "idle"'
}

world_start && world_bus_start || exit 1
start_guest closing close
daemon_log_level=info
daemon_configure "Channel=unix:$world_directory/vm.sock"
# A second channel for who attaches by hand: the first has somebody waiting for it.
port=$(free_port)
add_guest refused "tcp:127.0.0.1:$port tcp:127.0.0.2:$port" 1-1
add_guest unnamed tcp:usbredir.invalid:4000-4001 1-2
ln -s missing.sock "$world_directory/missing2.sock"
add_guest missing "unix:$world_directory/missing.sock unix:$world_directory/missing2.sock" 1-3
add_guest closing "unix:$world_directory/closing.sock" 1-4 1-5
echo '-1,-1,-1,-1,1 auto=no' >"$world_directory/config/filters.d/50-all.rules"
daemon_start || fail "the daemon does not start"
for port in 1-1 1-2 1-3 1-4 1-5 2-1; do
    must "plug reader $port"
done

name="a guest that closes at once is not connected without a break"
soon grep -qx accepted "$world_directory/closing.out" || fail "it was not connected"
sleep "$seconds"
attempts=$(grep -cx accepted "$world_directory/closing.out")
echo "$attempts attempts in $seconds s"
[ "$attempts" -ge 2 ] && [ "$attempts" -le "$most_attempts" ] || fail "$attempts attempts"
expect guests/closing Guest LastError 's "the guest *"'
logged 1 'guest closing is unreachable: '
logged 1 "session 1 to guest 'closing'"
logged 0 "session 2 to guest 'closing'"
logged 2 'the guest closed the connection' # of its first session, and why it is unreachable
pass

name="a refused port"
await_retries refused
tells refused 1-1 'connection refused at tcp:*: is the virtual machine running*'
logged 1 'guest refused is unreachable: connection refused at tcp:127.0.0.1:'
attach_fails 2-1 refused ConnectFailed 'connection refused at tcp:*'
logged 1 'guest refused is unreachable: '
pass

name="a name that nobody knows"
tells unnamed 1-2 "cannot find the host 'usbredir.invalid': *; check Channel= in */guests.d/unnamed.conf"
logged 1 "guest unnamed is unreachable: cannot find the host 'usbredir.invalid'"
attach_fails 2-1 unnamed ConnectFailed "cannot find the host 'usbredir.invalid'*"
logged 1 'guest unnamed is unreachable: '
pass

name="a socket that is not there"
await_retries missing
tells missing 1-3 "there is no socket at unix:*/missing.sock: is the virtual machine running*"
logged 1 'guest missing is unreachable: there is no socket at unix:'
attach_fails 2-1 missing ConnectFailed 'there is no socket at unix:*'
logged 1 'guest missing is unreachable: '
pass

name="it comes, and goes again"
start_guest missing serve
expect "devices/$(object 1-3)" Device State 's "redirected"'
expect "devices/$(object 1-3)" Device LastError 's ""'
logged 1 'guest missing is reachable again'
kill "${guests[-1]}"
soon grep -q 'guest missing is unreachable: connection refused' "$world_log" || fail "not told"
tells missing 1-3 'connection refused at unix:*'
logged 1 'guest missing is unreachable: connection refused at unix:'
pass

name="a daemon in trouble ends at once"
daemon_stop || fail "exit code $?"
[ -z "$(sessions_in_world)" ] || fail "sessions are left: $(sessions_in_world | xargs)"
pass
