#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What udev's rule is told of a disk: the real program, on a stick made of text.
set -u

if ! command -v umockdev-run >/dev/null; then
    echo "umockdev-run is missing"
    exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
good=0 bad=0
disk=/sys/devices/pci0/usb1/1-1/1-1:1.0/host0/block/sda
mkdir -p "$work"/etc/{filters,guests}.d "$work/run/devices"
printf '%s\n' '[Guest]' 'Channel=tcp:127.0.0.1:4000' >"$work/etc/guests.d/vm.conf"

echo 'ro quiet' >"$work/cmdline"

cat >"$work/device" <<'EOT'
P: /devices/pci0/usb1/1-1
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
A: busnum=1\n
A: devnum=7\n
A: idVendor=1209\n
A: idProduct=0001\n
A: bcdDevice=0100\n
A: bDeviceClass=00\n
A: bDeviceSubClass=00\n
A: bDeviceProtocol=00\n
A: bConfigurationValue=1\n
A: bNumInterfaces=1\n
A: serial=S1\n

P: /devices/pci0/usb1/1-1/1-1:1.0
E: DEVTYPE=usb_interface
E: SUBSYSTEM=usb
A: bInterfaceNumber=00\n
A: bInterfaceClass=08\n
A: bInterfaceSubClass=06\n
A: bInterfaceProtocol=50\n

P: /devices/pci0/usb1/1-1/1-1:1.0/host0/block/sda
E: DEVTYPE=disk
E: SUBSYSTEM=block

EOT

# With a kernel's command line of our own.
run_judge() {
    # shellcheck disable=SC2016
    umockdev-run --device "$work/device" -- sh -c 'mkdir "$UMOCKDEV_DIR/proc" && cp "$0" "$UMOCKDEV_DIR/proc" && exec "$@"' \
        "$work/cmdline" "${top_builddir:-.}/usbredird" --config-dir="$work/etc" \
        --runtime-dir="$work/run" --judge="$1"
}

# is FACT WANTED RULE [PATH]
is() {
    local got

    printf '%s\n' "$3" >"$work/etc/filters.d/10-test.rules"
    got=$(run_judge "${4-$disk}" 2>"$work/log")
    if [ "$got" = "$2" ]; then
        good=$((good + 1))
        echo "ok: $1"
    else
        bad=$((bad + 1))
        echo "NOT ok: $1: it is \"$got\", not \"$2\""
        cat "$work/log"
    fi
}

ours='-1,-1,-1,-1,1 serial=S1 guest=vm'
is "a disk that a rule redirects is not udisks'" UDISKS_IGNORE=1 "$ours"
is "one of which the session was faster is nobody's" UDISKS_IGNORE=1 "$ours" "${disk%a}b"
is "one of another serial is the host's" "" '-1,-1,-1,-1,1 serial=S2 guest=vm'
is "one by its class" UDISKS_IGNORE=1 '0x08,-1,-1,-1,1 guest=vm'
is "one that is denied" "" '-1,-1,-1,-1,0'
is "one that is attached by hand only" "" "$ours auto=no"
is "one that is redirected at a start only" "" "$ours on=start"
is "one without a guest" "" '-1,-1,-1,-1,1 serial=S1'
is "one of a guest that is not configured" "" '-1,-1,-1,-1,1 guest=other'
touch "$work/run/paused"
is "all, while rules are paused" "" "$ours"
rm "$work/run/paused"
echo 'ro usbredird.disable quiet' >"$work/cmdline"
is "all, if the kernel's command line says so" "" "$ours"
echo 'ro usbredird.disable=0' >"$work/cmdline"
is "none, if it says no" UDISKS_IGNORE=1 "$ours"
record='vendor=1209 product=0001 taken=0 configuration=1 inhibited=1 held=0 by-hand='
echo "bus=1 address=7 $record" >"$work/run/devices/1-1"
is "one that was detached by hand" "" "$ours"
echo "bus=1 address=6 $record" >"$work/run/devices/1-1"
is "not because another one was" UDISKS_IGNORE=1 "$ours"

echo "$good ok, $bad not ok"
[ "$bad" -eq 0 ]
