# SPDX-License-Identifier: LGPL-2.1-or-later
# A real QEMU without a guest OS, to be sourced by bash: its firmware boots from a redirected stick,
# and the boot sector writes a line to the serial port. Needs $directory, a scratch folder.
# shellcheck shell=bash

boot_line='usbredir: booted from the redirected stick'
boot_deadline=60
qemu_options=() # more of them, for the next one

# Says what is missing to run it, and fails.
qemu_is_possible() {
    local tool

    for tool in qemu-system-x86_64 umockdev-wrapper; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; return 1; }
    done
    # A package of its own in newer QEMUs.
    qemu-system-x86_64 -device help 2>&1 | grep -q '"usb-redir"' ||
        { echo "QEMU has no usb-redir"; return 1; }
}

# start_qemu CONTROLLER [CHANNELS [CHARDEV]]: as -device takes it, with so many usb-redir devices on it,
# or one. Sets qemu_pid, and qemu_ports, one for each, which QEMU chooses; none with a chardev that
# dials, as "socket,path=/a,server=off,reconnect=1".
start_qemu() {
    local line channels=() i

    for ((i = 0; i < ${2:-1}; i++)); do
        channels+=(-chardev "${3:-socket,host=127.0.0.1,port=0,server=on,wait=off},id=c$i"
            -device "usb-redir,chardev=c$i,bus=hc.0,bootindex=$i")
    done
    rm -f "$directory/serial"
    mkfifo "$directory/serial" || return 1
    exec 5<>"$directory/serial"
    coproc QEMU {
        exec qemu-system-x86_64 -M q35,usb=off -accel tcg -m 64 -nodefaults -display none \
            -monitor stdio -serial "file:$directory/serial" -device "$1,id=hc" "${channels[@]}" \
            -boot reboot-timeout=1000 "${qemu_options[@]}" 2>&1
    }
    # shellcheck disable=SC2153
    qemu_pid=$QEMU_PID

    qemu_ports=()
    [ -z "${3-}" ] || return 0
    echo 'info chardev' >&"${QEMU[1]}"
    while IFS= read -t "$boot_deadline" -r line <&"${QEMU[0]}"; do
        [[ $line =~ 127\.0\.0\.1:([0-9]+) ]] || continue
        qemu_ports+=("${BASH_REMATCH[1]}")
        [ "${#qemu_ports[@]}" -lt "${2:-1}" ] || return 0
    done
    return 1
}

# wait_for_boot_line PID: until it is there; not longer than that process and QEMU live.
wait_for_boot_line() {
    local line='' part='' i

    for ((i = 0; i < boot_deadline; i++)); do
        while IFS= read -t 1 -r part <&5; do
            line=$line$part
            [[ $line != *"$boot_line"* ]] || return 0
            line=
        done
        line=$line$part
        kill -0 "$1" 2>/dev/null && kill -0 "$qemu_pid" 2>/dev/null || return 1
    done
    return 1
}

stop_qemu() {
    [ -n "${qemu_pid-}" ] || return 0
    kill "$qemu_pid" 2>/dev/null
    wait "$qemu_pid" 2>/dev/null
    qemu_pid=
    exec 5<&-
}
