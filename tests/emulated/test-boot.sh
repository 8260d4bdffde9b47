#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The emulation is good enough for a program that is not ours: upstream's usbredirect gives the
# emulated stick to QEMU, whose firmware boots from it. Afterwards the stick has to be as it was:
# its driver bound again, nothing claimed, nothing in flight.
# With arguments: the USB controllers to try, as -device takes them.
set -u

# shellcheck source=qemu.sh
. "$(dirname "$0")/qemu.sh"
[ $# -gt 0 ] || set -- qemu-xhci ich9-usb-ehci1

qemu_is_possible || exit 77
command -v usbredirect >/dev/null || { echo "usbredirect is missing"; exit 77; }

directory=$(mktemp -d) || exit 99
cleanup() {
    [ -z "${host-}" ] || kill "$host" 2>/dev/null
    stop_qemu
    wait
    rm -rf "$directory"
}
trap cleanup EXIT

fail() {
    echo "FAIL: $controller: $*"
    cat "$directory/host.log" "$directory/report" 2>/dev/null
    exit 1
}

check_report() {
    grep -qx "$1" "$directory/report" || fail "the report does not say $1"
}

for controller; do
    start_qemu "$controller" || fail "QEMU did not tell its port"
    "${top_builddir:-.}/tests/emulated/emulated-usb" --device stick --report "$directory/report" -- \
        usbredirect --device 1209:0001 --to "127.0.0.1:${qemu_ports[0]}" >"$directory/host.log" 2>&1 &
    host=$!
    wait_for_boot_line "$host" || fail "no boot line"
    echo "$controller: \"$boot_line\""
    stop_qemu
    wait "$host"
    host=

    check_report plugged=yes
    check_report configuration=1
    check_report interface.0.driver=usb-storage
    check_report interface.0.claimed=no
    check_report clients.open=0
    check_report urbs.in_flight=0
    check_report 'stick.sectors_read=[1-9][0-9]*'
    check_report stick.sectors_written=0
done
