#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# emulated-usb with its control channel, through world.sh: programs of their own see the devices,
# several sessions have different devices at the same time, the private bus lets those call who may.
# shellcheck disable=SC1091,SC2154,SC2015,SC2119
set -u

. "$(dirname "$0")/world.sh"

world_is_possible || exit 77
command -v busctl udevadm >/dev/null || { echo "busctl or udevadm is missing"; exit 77; }

builddir=${top_builddir:-.}
passed=0
others=()
cleanup() {
    [ "${#others[@]}" -eq 0 ] || kill "${others[@]}" 2>/dev/null
    world_stop
    wait
}
trap cleanup EXIT
trap 'exit 99' TERM INT HUP

fail() {
    echo "FAIL: $name: $*"
    cat "$world_log"
    exit 1
}

pass() {
    echo "ok: $name"
    passed=$((passed + 1))
}

must() {
    world_do "$1" || fail "$1"
}

name="a world starts"
world_start || fail "no world"
[ -d "$world_root/sys/bus/usb/devices/usb1" ] || fail "no root hub"
pass

name="commands are answered in their order"
for i in 2 3 4 5; do
    must 'plug stick 1-1'
    [ "$world_answer" = "1-1 devnum=$i" ] || fail "$world_answer"
    must 'unplug 1-1'
done
world_do 'unplug 1-1' 2>/dev/null && fail "unplugged what is not there"
pass

name="a program that starts later sees the devices"
must 'plug reader 1-2 serial=R1'
"${world_env[@]}" udevadm info -q property -p /sys/bus/usb/devices/1-2 >"$world_directory/info"
for line in ID_SERIAL_SHORT=R1 ID_USB_INTERFACES=:0b0000: USBREDIR_AUTO=1 DRIVER=usb; do
    grep -qx "$line" "$world_directory/info" || fail "not $line: $(cat "$world_directory/info")"
done
must 'unplug 1-2'
pass

name="shells do not get each other's answers"
for port in 1 2 3 4; do
    (
        for _ in 1 2 3 4 5; do
            world_do "plug keyboard 3-$port" && [[ $world_answer == "3-$port "* ]] || exit 1
            world_do "unplug 3-$port" && [ "$world_answer" = "3-$port" ] || exit 1
        done
    ) &
    others+=($!)
done
for pid in "${others[@]}"; do
    wait "$pid" || fail "a wrong answer"
done
others=()
pass

name="two sessions have two devices at the same time"
if "$builddir/usbredir-session" --help | grep -q -e --no-sandbox; then
    must 'plug gadget 1-1'
    must 'plug stick 2-1'
    for device in 1209:0002 1209:0001; do
        socket=$world_directory/$device
        mkfifo "$socket.out" || fail "no FIFO"
        exec {out}<>"$socket.out"
        "$builddir/tests/usb/small-guest" "$socket" use >"$socket.out" 2>&1 &
        others+=($!)
        read -r -t 20 line <&"$out" && [ "$line" = listening ] || fail "the guest says $line"
        "${world_env[@]}" "$builddir/usbredir-session" --no-sandbox --device="$device" \
            --to="unix:$socket" >>"$world_log" 2>&1 &
        others+=($!)
    done
    # Both reset their device after the claim, which takes the claim away for a moment.
    must 'await 1-1 count.RESET=1'
    must 'await 2-1 count.RESET=1'
    must 'await 1-1 interface.0.claimed=yes'
    must 'await 1-1 interface.1.claimed=yes'
    must 'await 2-1 interface.0.claimed=yes'
    for interface in 1-1:1.0 1-1:1.1 2-1:1.0; do
        driver=$(readlink "$world_root/sys/bus/usb/devices/$interface/driver")
        [ "${driver##*/}" = usbfs ] || fail "$interface has the driver $driver"
    done
    kill "${others[1]}" "${others[3]}"
    must 'await 1-1 interface.0.driver=usbtest'
    must 'await 2-1 interface.0.driver=usb-storage'
    must 'await 2-1 clients.open=0'
    kill "${others[@]}" 2>/dev/null
    wait "${others[@]}" 2>/dev/null
    others=()
    pass
else
    echo "built without --enable-test-hooks: no sessions"
fi

name="a storm leaves what it says"
must 'storm 100 5'
answer=$world_answer
must list
[ -n "$answer" ] && [ "$answer" = "$world_answer" ] || fail "$answer is not $world_answer"
pass

name="the bus lets its user own a name, and everybody call"
world_bus_start || fail "no bus"
"${world_env[@]}" busctl --system list >"$world_directory/names" || fail "root cannot call"
if [ "$(id -u)" -eq 0 ]; then
    world_nobody busctl --system list >"$world_directory/names" || fail "nobody cannot call"
    world_nobody busctl --system call org.freedesktop.DBus / org.freedesktop.DBus RequestName su \
        org.usbredir.Test 0 2>/dev/null && fail "nobody owns a name"
fi
"${world_env[@]}" busctl --system call org.freedesktop.DBus / org.freedesktop.DBus RequestName su \
    org.usbredir.Test 0 >/dev/null || fail "cannot own a name"
pass

name="nothing is left"
root=$world_root directory=$world_directory
world_stop
[ ! -e "$root" ] && [ ! -e "$directory" ] || { echo "FAIL: $name"; exit 1; }
pass
echo "$passed passed"
