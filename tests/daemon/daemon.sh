# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredird in the world of tests/emulated/world.sh, with the bus it has there, to be sourced by bash
# behind that. The configuration is in $world_directory/config; what the daemon and its sessions say is
# appended to $world_log.
#
#   daemon_is_possible          says what is missing, or is 0
#   daemon_configure TEXT...    guests.d/vm.conf, a line each; every device is given to vm; at
#                               level debug, or daemon_log_level
#   daemon_start                returns when it is ready, unless it, or its configuration, is wrong;
#                               sets daemon_pid. Sessions are its children, or what the options
#                               in the array daemon_sessions say
#   daemon_stop [SIGNAL]        ends it, as with SIGTERM, and waits for it; its exit code
#   ctl ARGUMENT...             usbredirctl
#   call METHOD [ARGUMENT]...   of the manager, by busctl
#   property OBJECT INTERFACE PROPERTY
#                               as busctl prints it: "property devices/_31_2d1 Device State"; the
#                               manager's object is ''
#   soon COMMAND...             until that is 0, or a deadline is over
#   sessions_in_world           the processes of sessions, also of a daemon that is dead, one a line
# shellcheck shell=bash
# shellcheck disable=SC2154

daemon_deadline=60

daemon_is_possible() {
    local tool

    world_is_possible || return 1
    for tool in busctl pgrep; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; return 1; }
    done
    "${top_builddir:-.}/usbredird" --help | grep -q -e --no-sandbox ||
        { echo "built without --enable-test-hooks"; return 1; }
}

daemon_configure() {
    local config=$world_directory/config

    mkdir -p "$config/guests.d" "$config/filters.d" || return 1
    printf '%s\n' '[Daemon]' DefaultGuest=vm "LogLevel=${daemon_log_level:-debug}" \
        >"$config/usbredird.conf"
    printf '[Guest]\n' >"$config/guests.d/vm.conf"
    printf '%s\n' "$@" >>"$config/guests.d/vm.conf"
    echo '-1,-1,-1,-1,1' >"$config/filters.d/50-all.rules"
}

soon() {
    local end=$((SECONDS + daemon_deadline))

    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "not in time: $*"; return 1; }
        sleep 0.05
    done
}

ctl() {
    "$daemon_build/usbredirctl" --bus-address="$world_bus_address" "$@"
}

call() {
    DBUS_SYSTEM_BUS_ADDRESS=$world_bus_address busctl --system call \
        org.usbredir1 /org/usbredir1 org.usbredir1.Manager "$@"
}

property() {
    DBUS_SYSTEM_BUS_ADDRESS=$world_bus_address busctl --system get-property \
        org.usbredir1 "/org/usbredir1${1:+/$1}" "org.usbredir1.$2" "$3" 2>&1 | sed "s/\\\\'/'/g"
}

answers() {
    kill -0 "$daemon_pid" || return 0
    ctl list >/dev/null 2>&1
}

daemon_start() {
    daemon_build=${top_builddir:-.}
    "${world_env[@]}" "$daemon_build/usbredird" --no-sandbox --config-dir="$world_directory/config" \
        --runtime-dir="$world_directory/run" \
        "${daemon_sessions[@]:---session-program=$daemon_build/usbredir-session}" \
        >>"$world_log" 2>&1 </dev/null &
    daemon_pid=$!
    soon answers && kill -0 "$daemon_pid" || return 1
    [ "$(property '' Manager ConfigurationErrors)" = 'a(suus) 0' ]
}

daemon_stop() {
    local pid=${daemon_pid-}

    daemon_pid=
    [ -n "$pid" ] || return 0
    kill -s "${1:-TERM}" "$pid" || return
    soon has_ended "$pid" || kill -s KILL "$pid"
    wait "$pid"
}

# has_ended PID: a child of ours, which nobody has waited for.
has_ended() {
    ! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"
}

sessions_in_world() {
    local pid

    for pid in $(pgrep -f "^[^ ]*usbredir-session "); do
        tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qx "UMOCKDEV_DIR=$world_root" &&
            echo "$pid"
    done
}
