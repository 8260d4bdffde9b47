# SPDX-License-Identifier: LGPL-2.1-or-later
# A world with emulated USB devices and a system bus of its own, to be sourced by bash. Everything
# that is started with "${world_env[@]}" in front lives in it; what is not may be told to by
# UMOCKDEV_DIR and DBUS_SYSTEM_BUS_ADDRESS.
#
#   world_start                 sets world_directory (a scratch folder, also for the caller),
#                               world_root (stands for /), world_env, and world_log (a file;
#                               the caller may append to it)
#   world_do 'plug stick 1-1'   a command of "emulated-usb --help"; sets world_answer, without "ok "
#   world_bus_start [POLICY]... a dbus-daemon; adds its address to world_env. POLICY: files with
#                               further rules, such as the one the package installs
#   "${world_env[@]}" COMMAND   with & behind it, $! is COMMAND's
#   world_nobody COMMAND...     as the user nobody, who has the bus, but no devices; only for root
#   world_stop                  ends all that was started here, removes world_directory
#
# All return 0, or say what is wrong and return another.
# shellcheck shell=bash

# A storm under sanitizers, on a machine that does other things too, has taken more than 60.
world_deadline=300

# Says what is missing, and fails.
world_is_possible() {
    local tool

    for tool in umockdev-wrapper dbus-daemon flock setpriv; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; return 1; }
    done
}

world_start() {
    local held status=0

    world_directory=$(mktemp -d) || return 1
    # nobody is to reach the bus.
    chmod 755 "$world_directory"
    world_log=$world_directory/log
    : >"$world_log"
    mkfifo "$world_directory/commands" "$world_directory/answers" || return 1
    # What is written to a FIFO that nobody has open is lost.
    exec {held}<>"$world_directory/commands"
    "${top_builddir:-.}/tests/emulated/emulated-usb" --control "$world_directory/commands" \
        --answers "$world_directory/answers" >>"$world_log" 2>&1 </dev/null &
    world_pid=$!
    world_do root || status=1
    exec {held}>&-
    [ "$status" -eq 0 ] || return 1
    # shellcheck disable=SC2154
    world_root=$world_answer
    world_env=(env UMOCKDEV_DIR="$world_root" umockdev-wrapper)
}

# Several shells may do so at the same time.
world_do() {
    local lock line='' status=1

    world_answer=
    exec {lock}>"$world_directory/lock" || return 1
    flock "$lock"
    # Left by a shell that was killed.
    while read -r -t 0 <>"$world_directory/answers"; do
        read -r line <>"$world_directory/answers"
    done
    line=
    # Opened like this a FIFO makes nobody wait whose other end is closed.
    printf '%s\n' "$*" 1<>"$world_directory/commands"
    if ! read -r -t "$world_deadline" line <>"$world_directory/answers"; then
        echo "the world does not answer to: $*" >&2
    elif [[ $line == ok* ]]; then
        world_answer=${line#ok}
        world_answer=${world_answer# }
        status=0
    else
        echo "$*: $line" >&2
    fi
    exec {lock}>&-
    return "$status"
}

# Everybody may call everybody and is answered; names are for the user who starts the bus.
world_bus_config() {
    local policy

    cat <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$world_directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_type="method_call"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow send_type="signal"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <deny own="*"/>
  </policy>
  <policy user="$(id -u)">
    <allow own="*"/>
  </policy>
END
    for policy; do
        printf '  <include>%s</include>\n' "$(realpath "$policy")"
    done
    echo '</busconfig>'
}

world_bus_start() {
    local address

    world_bus_config "$@" >"$world_directory/bus.conf"
    mkfifo "$world_directory/bus-address" || return 1
    dbus-daemon --config-file="$world_directory/bus.conf" --nofork --nopidfile --nosyslog \
        --print-address=1 >"$world_directory/bus-address" 2>>"$world_log" </dev/null &
    world_bus_pid=$!
    if ! read -r -t "$world_deadline" address <"$world_directory/bus-address"; then
        echo "the bus has not started" >&2
        cat "$world_log" >&2
        return 1
    fi
    # shellcheck disable=SC2034
    world_env=(env UMOCKDEV_DIR="$world_root" DBUS_SYSTEM_BUS_ADDRESS="$address" umockdev-wrapper)
    world_bus_address=$address
}

world_nobody() {
    env DBUS_SYSTEM_BUS_ADDRESS="$world_bus_address" \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

world_stop() {
    if [ -n "${world_bus_pid-}" ]; then
        kill "$world_bus_pid" 2>/dev/null
        wait "$world_bus_pid" 2>/dev/null
    fi
    if [ -n "${world_pid-}" ]; then
        kill "$world_pid" 2>/dev/null
        wait "$world_pid" 2>/dev/null
    fi
    # It removes its root itself, unless somebody has killed it.
    case ${world_root-} in
    */umockdev.??????) rm -rf "$world_root" ;;
    esac
    [ -z "${world_directory-}" ] || rm -rf "$world_directory"
    world_bus_pid='' world_pid='' world_root='' world_directory=''
}
