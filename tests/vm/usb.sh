# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine "host", its sticks, and the machine "guest" to which they are redirected: to be sourced
# by bash, after facts.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# Of the guest's usb-redir devices, and the controller of each.
declare -A channel_bus=([first]=xhci [second]=xhci [third]=ehci)

# Where they listen: on this machine, and as the host's sessions see it. Once known, it stays.
channel_host=127.0.0.1
declare -A channel_port address
stick_arguments=()

# What a channel's socket is to have, too: how it encrypts.
declare -A channel_options=()

# How the guest's machine is started, but for its channels.
guest_machine=(machine_start guest -nic none -device qemu-xhci,id=xhci -device ich9-usb-ehci1,id=ehci)

# Whose monitor plugs and unplugs.
plugged_into=host

host() {
    machine_run host "$@"
}

guest() {
    machine_run guest "$@"
}

# sticks_make NAME...: files of random data, $directory/NAME; and stick_arguments, for a QEMU to which
# they may be plugged.
sticks_make() {
    local stick

    stick_arguments=(-device qemu-xhci,id=usb,p2=4,p3=2)
    for stick; do
        head -c 32M /dev/urandom >"$directory/$stick" || return 1
        stick_arguments+=(-blockdev
            "raw,node-name=$stick,file.driver=file,file.filename=$directory/$stick")
    done
}

# device_add DRIVER,PROPERTIES
device_add() {
    local tries answer

    # QEMU holds on to a file for a moment after its stick is unplugged.
    for ((tries = 0; tries < 50; tries++)); do
        answer=$(monitor "$plugged_into" "device_add $1")
        [[ $answer != *'"return": ""'* ]] || return 0
        sleep 0.1
    done
    die "no $1: $answer"
}

# device_plug DRIVER ID PORT PROPERTIES: the host's ports from 3 on have no SuperSpeed.
device_plug() {
    device_add "$1,id=$2,bus=usb.0,port=$3${4:+,$4}"
}

# insert STICK PORT: whatever becomes of it.
insert() {
    device_plug usb-storage "$1" "$2" "drive=$1,serial=$1"
}

# plug STICK PORT: and the host has it.
plug() {
    insert "$@"
    host "soon has_disk $1 && has_driver $1 usb-storage" || die "the host does not see $1"
}

# unplug ID
unplug() {
    monitor "$plugged_into" "device_del $1" >/dev/null
}

# guest_start: the first time at ports that are free, then at the same.
guest_start() {
    local name answer arguments=()

    for name in "${!channel_bus[@]}"; do
        arguments+=(-chardev
            "socket,id=$name,host=$channel_host,port=${channel_port[$name]-0},server=on,wait=off,nodelay=on${channel_options[$name]-}"
            -device "usb-redir,chardev=$name,bus=${channel_bus[$name]}.0")
    done
    "${guest_machine[@]}" "${arguments[@]}" && answer=$(monitor guest 'info chardev') || return 1
    for name in "${!channel_bus[@]}"; do
        [[ $answer =~ $name:\ filename=[^\ ]*${channel_host//./\\.}:([0-9]+) ]] || return 1
        channel_port[$name]=${BASH_REMATCH[1]}
        address[$name]=tcp:10.0.2.2:${BASH_REMATCH[1]}
    done
}

# guest_restart: as if its power was cut.
guest_restart() {
    machine_stop guest
    guest_start && machine_wait guest
}

# A paused guest's QEMU accepts connections, and says nothing.
guest_pause() {
    monitor guest stop >/dev/null
}

guest_resume() {
    monitor guest cont >/dev/null
}

stick_sum() {
    sha256sum <"$directory/$1" | cut -d' ' -f1
}

guest_reads_all() {
    is "the guest reads all of it" "$(stick_sum "$1")" "$(guest "sum \$(disk_of $1)")"
}

# is_returned STICK: to the host's driver.
is_returned() {
    exits "usb-storage has the stick $1 again" 0 \
        host "soon has_driver $1 usb-storage && soon has_disk $1"
}
