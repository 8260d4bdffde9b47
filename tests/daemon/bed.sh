# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by bash tests of the real usbredird: a private bus (of tests/emulated/world.sh), the
# service manager's socket, and files of the test's own. All waiting has a deadline.
#
#   bed_start               $directory, $config and $runtime for the daemon, a bus
#   bed_start world         the same in a world with emulated devices
#   daemon_start [OPTION]...  $daemon is its pid, $log what it says; behind "${as[@]}"
#   daemon_ready [OPTION]...  the same, and waits for it to be ready
#   daemon_ends CODE        waits for that
#   expect_notify PATTERN   the next message to the service manager matches
#   await_notify PATTERN    one that comes matches
#   expect_log PATTERN, expect_no_log PATTERN   of grep -E
#   guest_start             a guest, which ends with its one connection; $guest is its pid
#   ctl CODE COMMAND...     usbredirctl; what it prints is in $out, its error in $err
# shellcheck shell=bash disable=SC2034,SC2154
set -u

builddir=${top_builddir:-.}
sourcedir=${top_srcdir:-$(dirname "$0")/../..}
deadline=120
passed=0
name=
daemon=
world_pid='' world_bus_pid='' world_root=''
run=(env)
as=(env)

# shellcheck source=../emulated/world.sh
. "$sourcedir/tests/emulated/world.sh"

# What a person would see, whoever runs the test.
unset NO_COLOR COLUMNS JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
export LC_ALL=C.UTF-8

fail() {
    echo "FAIL: $name: $*"
    [ ! -s "${log-}" ] || sed 's/^/    log: /' "$log"
    exit 1
}

pass() {
    passed=$((passed + 1))
    echo "ok $passed - $name"
}

skip_without() {
    local tool

    for tool; do
        command -v "$tool" >/dev/null || { echo "$tool is missing: skipped"; exit 77; }
    done
}

cleanup() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null
    [ -z "${NOTIFY_PID-}" ] || kill "$NOTIFY_PID" 2>/dev/null
    # Its sessions want the devices of the world.
    [ -z "$daemon" ] || wait "$daemon"
    world_stop
    wait
}

bed_bus() {
    rm -f "$directory/bus" "$directory/bus-address"
    # shellcheck disable=SC2119
    world_bus_start || fail "no bus"
    # Without its guid: one that is restarted has another.
    export DBUS_SYSTEM_BUS_ADDRESS=${world_bus_address%%,guid=*}
}

bed_start() {
    trap cleanup EXIT
    trap 'exit 99' TERM INT HUP
    if [ "${1-}" = world ]; then
        world_start || { echo "no world"; exit 99; }
    else
        world_directory=$(mktemp -d) || exit 99
        world_log=$world_directory/log
        chmod 755 "$world_directory"
    fi
    directory=$world_directory config=$directory/etc runtime=$directory/runtime
    log=$directory/daemon.log
    mkdir -p "$config/guests.d" "$config/filters.d"
    # Nothing is ever written there.
    mkfifo "$directory/never" || exit 99
    exec {never}<>"$directory/never"
    bed_bus
    [ -z "$world_root" ] || run=("${world_env[@]}")

    coproc NOTIFY { exec "$builddir/tests/daemon/notify-listener" "$directory/notify"; }
    exec {notify}<&"${NOTIFY[0]}"
    expect_notify listening
}

next_notify() {
    IFS= read -t "$deadline" -r message <&"$notify" ||
        fail "the service manager waits in vain for '$1'"
}

expect_notify() {
    next_notify "$1"
    # shellcheck disable=SC2053
    [[ $message == $1 ]] || fail "'$message' is not '$1'"
}

await_notify() {
    next_notify "$1"
    # shellcheck disable=SC2053
    until [[ $message == $1 ]]; do
        next_notify "$1"
    done
}

# What is left over of a daemon that has ended.
drain_notify() {
    while read -r -t 0 <&"$notify"; do
        read -r -t "$deadline" _ <&"$notify"
    done
}

daemon_start() {
    drain_notify
    "${run[@]}" NOTIFY_SOCKET="$directory/notify" "${as[@]}" \
        "$builddir/usbredird" --config-dir="$config" --runtime-dir="$runtime" \
        --session-program="$builddir/usbredir-session" "$@" >"$log" 2>&1 </dev/null &
    daemon=$!
}

daemon_ready() {
    daemon_start "$@"
    await_notify 'READY=1|STATUS=*'
}

daemon_ends() {
    local guard code=0

    {
        read -r -t "$deadline" _ <&"$never" || kill -KILL "$daemon"
    } 2>/dev/null &
    guard=$!
    wait "$daemon" || code=$?
    daemon=
    # Newly forked, it could take a signal that it may handle by our traps.
    kill -KILL "$guard" 2>/dev/null
    wait "$guard" 2>/dev/null
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
    # Of sessions, too, whose exit code nobody sees.
    expect_no_log 'ERROR: .*Sanitizer|runtime error: '
}

daemon_stop() {
    kill "$daemon"
    await_notify STOPPING=1
    daemon_ends 0
}

# Written before or after what the test has waited for.
expect_log() {
    eventually grep -qE -- "$1" "$log"
}

expect_no_log() {
    ! grep -E -- "$1" "$log" || fail "the log has '$1'"
}

# eventually COMMAND...: it succeeds before long; for what nobody tells of.
eventually() {
    local end=$((SECONDS + deadline))

    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "in vain: $*"
        read -r -t 0.05 _ <&"$never"
    done
}

bus_root=/org/usbredir1
bus_manager=(org.usbredir1 "$bus_root" org.usbredir1.Manager)

# call METHOD [ARGUMENT]...: of the manager; the answer is in $answer.
call() {
    answer=$(busctl call "${bus_manager[@]}" "$@" 2>&1)
}

get() {
    busctl get-property "${bus_manager[@]}" "$1" 2>&1
}

# It listens at the channel of vm1.
guest_start() {
    rm -f "$directory/vm1"
    "$builddir/tests/usb/small-guest" "$directory/vm1" use >"$directory/guest.log" 2>&1 </dev/null &
    guest=$!
    eventually test -S "$directory/vm1"
}

ctl() {
    local want=$1 code=0

    shift
    out=$(timeout "$deadline" "$builddir/usbredirctl" "$@" 2>"$directory/err") || code=$?
    err=$(cat "$directory/err")
    [ "$code" -eq "$want" ] || fail "usbredirctl $*: exit code $code, not $want: $err"
}

finish() {
    [ -z "$daemon" ] || daemon_stop
    echo "[  PASSED  ] $passed test(s)."
}
