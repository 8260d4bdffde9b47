# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

# addresses: the speeds of those devices that the guest has given an address.
addresses() {
    monitor win10 'info usb' | grep -oE 'Device [0-9]+\.[1-9][0-9]*, Port [0-9.]+, Speed [0-9]+' |
        grep -o '[0-9]*$' | sort | xargs
}

both_have_addresses() {
    [ "$(addresses)" = '12 480' ]
}

# full_and_high CONTROLLER: what a machine that has started says of both devices.
full_and_high() {
    has_device 1-1 redirected win10
    has_device 1-2 redirected win10
    # On a busy machine the firmware's patience may be too short.
    for _ in 1 2 3 4 5 6; do
        monitor win10 system_reset >/dev/null
        deadline=8 soon both_have_addresses && break
    done
    guest_uses 1-1 1-2
    is "$1: both have an address" '12 480' "$(addresses)"
    run qemu/info
    is "QEMU tells of both" 2 "$(grep -c 'USB Redirection Device, ID: redir' <<<"$out")"
}

disk win10
plug stick 1-1
plug reader 1-2 USBREDIR_AUTO=
daemon_start

start qemu/xhci
soon test -S /run/vm/win10.monitor
file qemu/guest
run qemu/attach
full_and_high xHCI
stop "$pid"
has_device 1-1 waiting win10

start qemu/ehci
full_and_high EHCI
stop "$pid"

# What the companions are for.
block qemu/ehci | grep -v uhci >"$directory/without"
(cd "$directory" && exec bash -c "exec $(cat without)") >"$directory/start.log" 2>&1 </dev/null &
pids+=($!)
has_device 1-1 redirected win10
refuses_full_speed() {
    grep -qF '[1-2]: the guest rejected the device' "$log"
}
soon refuses_full_speed
is "without companions the reader is refused" 0 $?
stop "${pids[-1]}"

usbredirctl detach --all
start qemu/unix
file qemu/unix-guest
usbredirctl reload
soon test -S /run/vm/win10-usb1.sock
usbredirctl attach --wait 1-1 win10
has_device 1-1 redirected win10
monitor win10 system_reset >/dev/null
guest_uses 1-1
stop "$pid"
usbredirctl detach --all

file qemu/dial-in-guest
usbredirctl reload
start qemu/dial-in
attach_dialled 1-1
attach_dialled 1-2
has_device 1-1 redirected win10
has_device 1-2 redirected win10
facts_end
