# SPDX-License-Identifier: LGPL-2.1-or-later
# What a storm of devices needs, to be sourced by bash behind daemon.sh: a guest that takes them, and
# whether all who know of devices say the same.
#
#   start_guest COUNT  a guest with so many channels, storm_guest is its pid; and the daemon's
#                      configuration
#   in_the_world       "PORT,DEVNUM,SERIAL" of each device, one a line
#   in_the_daemon      the same as the daemon has it; with an argument, another key at the end
#   agrees             they are the same, and nothing is under way; what there is, is in
#                      $world_directory/seen
# shellcheck shell=bash disable=SC2034,SC2154

storm_guest='' channels=0

# Many sockets, so many channels, are one guest.
start_guest() {
    local lines=() i

    channels=$1
    "${top_builddir:-.}/tests/usb/small-guest" "$world_directory/vm.sock" serve \
        >"$world_directory/guest.log" 2>&1 &
    storm_guest=$!
    soon grep -qx listening "$world_directory/guest.log" || return 1
    for ((i = 1; i <= channels; i++)); do
        ln -s vm.sock "$world_directory/vm$i.sock" || return 1
        lines+=("Channel=unix:$world_directory/vm$i.sock")
    done
    daemon_configure "${lines[@]}" '[Reconnect]' InitialDelaySec=1
}

in_the_world() {
    world_do list && tr ' ' '\n' <<<"$world_answer" | sed -n 's/=[a-z]*,/,/p' | sort
}

in_the_daemon() {
    ctl list --json | awk -v also="${1-}" '
        { value = $2; for (i = 3; i <= NF; i++) value = value " " $i; gsub(/[",]/, "", value) }
        $1 == "\"port\":" { port = value }
        $1 == "\"serial\":" { serial = value }
        $1 == "\"state\":" { state = value }
        $1 == "\"address\":" { print port "," value "," serial (also ? "," state : "") }' | sort
}

objects() {
    DBUS_SYSTEM_BUS_ADDRESS=$world_bus_address busctl --system --list tree org.usbredir1 |
        sed -n "s:^/org/usbredir1/$1/\(_3\)*::p" | sed 's/_2d/-/' | sort
}

agrees() {
    local world devices waiting redirected

    world=$(in_the_world)
    devices=$(grep -c . <<<"$world")
    redirected=$((devices < channels ? devices : channels))
    waiting=$((devices - redirected))
    {
        in_the_daemon state
        echo "devices: $(objects devices | xargs)"
        echo "sessions: $(objects sessions | xargs)"
        echo "children: $(pgrep -P "$daemon_pid" | xargs)"
        grep -F 'given up' "$world_log"
    } >"$world_directory/seen"
    [ "$(in_the_daemon)" = "$world" ] &&
        [ "$(objects devices)" = "$(cut -s -d, -f1 <<<"$world")" ] &&
        [ "$(objects sessions | wc -l)" -eq "$redirected" ] &&
        [ "$(pgrep -c -P "$daemon_pid")" -eq "$redirected" ] &&
        [ "$(grep -c ',redirected$' "$world_directory/seen")" -eq "$redirected" ] &&
        [ "$(grep -c ',waiting$' "$world_directory/seen")" -eq "$waiting" ]
}
