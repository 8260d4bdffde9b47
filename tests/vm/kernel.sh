# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's kernel for the machines, to be sourced by bash. It is kept, by its version and what is
# taken of it.
# shellcheck shell=bash

# Of machines whose root is in memory; what is loaded before there is a root, and what there is then,
# of those that have a disk.
memory_modules='e1000 xhci_pci ehci_pci usb_storage sd_mod'
boot_modules='virtio_pci virtio_blk ext4 crc32c_generic'
disk_modules="$boot_modules virtio_net 9p 9pnet_virtio xhci_pci ehci_pci usb_storage uas sd_mod
    usbhid hid_generic evdev autofs4"
# And of those that use all kinds of devices; what some machines in memory load later.
user_modules='uhci_hcd ftdi_sio snd_usb_audio cdc_ether rndis_host wacom'
# And of those that have file systems, volumes and encryption on their sticks.
storage_modules='vfat nls_ascii nls_cp437 dm_mod dm_crypt xts algif_skcipher'
# What TLS of the kernel needs.
tls_modules='tls gcm ghash_generic ctr chacha20poly1305 chacha_generic poly1305_generic'
more_modules='dummy_hcd usb_f_ss_lb vhci_hcd usbtest snd_usb_audio uhci_hcd'

# kernel_find CACHE: sets package and kernel, the folder that has or will have it.
kernel_find() {
    local version taken

    package=$(LC_ALL=C apt-cache depends linux-image-amd64 | sed -n 's/^  Depends: \(linux-.*\)/\1/p')
    [ -n "$package" ] || return 1
    version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
    taken=$(sha256sum tests/vm/kernel.sh)
    kernel="$1/linux-$version-${taken:0:12}"
}

# modules_of NAME...: the paths of these modules and of those they need, as they are to be loaded.
modules_of() {
    local module

    for module in "$@"; do
        modprobe -d "$PWD/unpacked" -S "$version" --show-depends "$module" || return 1
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# modules_number FOLDER NAME...: leaves them there, numbered in that order.
modules_number() {
    local folder=$1 number=10 path paths

    shift
    mkdir "$folder" && paths=$(modules_of "$@") || return 1
    for path in $paths; do
        cp "$path" "$folder/$number-${path##*/}" || return 1
        number=$((number + 1))
    done
}

# modules_tree FOLDER NAME...: leaves them as modprobe wants to have them.
modules_tree() {
    local folder=$1/lib/modules/$version path paths

    paths=$(shift && modules_of "$@") || return 1
    for path in $paths; do
        path=${path#*/unpacked/lib/modules/"$version"/}
        install -D -m 644 "unpacked/lib/modules/$version/$path" "$folder/$path" || return 1
    done
    cp unpacked/lib/modules/"$version"/modules.{builtin,builtin.modinfo,order} "$folder" &&
        depmod -b "$1" "$version"
}

# kernel_unpack FOLDER
kernel_unpack() (
    cd "$1" && apt-get download -q "$package" && dpkg-deb -x ./*.deb unpacked || exit 1
    mv unpacked/boot/vmlinuz-* vmlinuz || exit 1

    version=${package#linux-image-}
    # shellcheck disable=SC2086
    depmod -b unpacked "$version" && modules_number modules $memory_modules &&
        modules_number boot-modules $boot_modules && modules_number more-modules $more_modules &&
        modules_tree tree $disk_modules $user_modules $storage_modules $tls_modules || exit 1
    rm -r unpacked ./*.deb
)

# kernel_get CACHE: Debian's present one. Sets kernel, its folder.
kernel_get() {
    local package unpacked

    if ! kernel_find "$1" || [ ! -d "$kernel" ]; then
        # What is known of the archive may be missing, or too old to download from it.
        [ "$(id -u)" -ne 0 ] || apt-get update -q || return 1
        kernel_find "$1" || { echo "apt-cache knows no linux-image-amd64"; return 1; }
    fi
    [ ! -d "$kernel" ] || return 0
    unpacked=$(mktemp -d "$1/unpacking.XXXXXX") && chmod 755 "$unpacked" &&
        kernel_unpack "$unpacked" && mv "$unpacked" "$kernel"
}
