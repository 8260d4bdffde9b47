#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What udev makes of devices with our rule: the real udevadm, on devices made of text. In a user and
# mount namespace, where /run is ours to put the rule.
set -eu

if ! command -v udevadm umockdev-run >/dev/null || ! unshare --map-root-user --mount true 2>&1; then
    echo "udevadm, umockdev-run or the right to make a user namespace is missing"
    exit 77
fi

if [ "${1-}" != inside ]; then
    exec unshare --map-root-user --mount -- "$0" inside
fi

mount -t tmpfs none /run
mkdir -p /run/udev/rules.d /run/tmp
cp "$top_srcdir/data/udev/60-usbredir.rules" /run/udev/rules.d
good=0 bad=0

# device INTERFACE...: each is class, subclass and protocol, in hex; it has an interrupt endpoint.
device() {
    local interface number=0 descriptors length

    length=$((9 + 16 * $#))
    descriptors=12011001000000400912010000010102000109$(printf 02%02x00%02x01008032 $length $#)
    for interface in "$@"; do
        descriptors+=$(printf 0904%02x0001%s0007058103080010 $number "$interface")
        number=$((number + 1))
    done
    printf '%s\n' 'P: /devices/pci0/usb1/1-1' 'E: DEVTYPE=usb_device' 'E: SUBSYSTEM=usb' \
        'A: idVendor=1209\n' 'A: idProduct=0001\n' 'A: bDeviceClass=00\n' "H: descriptors=$descriptors" ''
}

# is FACT WANTED ACTION: of those that concern us, what udev sets for $device.
is() {
    local got

    rm -rf /run/udev/data
    device "${interfaces[@]}" >/run/tmp/device
    got=$(umockdev-run --device /run/tmp/device -- \
        udevadm test --action="$3" /sys/devices/pci0/usb1/1-1 2>/run/tmp/log |
        sed -nE -e '/^USBREDIR_AUTO=/p' -e 's/^SYSTEMD_WANTS=.*(usbredird.service).*/\1/p' \
            -e 's/^CURRENT_TAGS=.*:(systemd):.*/\1/p' | sort | xargs)
    if [ "$got" = "$2" ]; then
        good=$((good + 1))
        echo "ok: $1 at $3"
    else
        bad=$((bad + 1))
        echo "NOT ok: $1 at $3: it is \"$got\", not \"$2\""
        grep usbredir /run/tmp/log
    fi
    if grep usbredir.rules: /run/tmp/log; then
        bad=$((bad + 1))
        echo "NOT ok: udev complains of the rule"
    fi
}

auto='USBREDIR_AUTO=1 systemd usbredird.service'

interfaces=(0b0000)
for action in add bind change; do
    is "a smartcard reader is redirected" "$auto" "$action"
done

interfaces=(030101 0b0000)
is "a token with a keyboard and a reader is redirected" "$auto" bind

# 0b as a subclass and a protocol
interfaces=(080b0b 080650)
is "what has no smartcard interface is let alone" "" bind

echo "$good ok, $bad not ok"
[ "$bad" -eq 0 ]
