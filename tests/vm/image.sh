# SPDX-License-Identifier: LGPL-2.1-or-later
# What the machines boot, to be sourced by bash: Debian's kernel, and a root of busybox, the session
# program and what it needs. The kernel is kept; the rest is made anew each time, in a second.
# shellcheck shell=bash

modules='e1000 xhci_pci ehci_pci usb_storage sd_mod'

# kernel_find CACHE: sets package and kernel, the folder that has or will have it.
kernel_find() {
    local version

    package=$(LC_ALL=C apt-cache depends linux-image-amd64 | sed -n 's/^  Depends: \(linux-.*\)/\1/p')
    [ -n "$package" ] || return 1
    version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
    kernel="$1/linux-$version+${modules// /+}"
}

# kernel_unpack FOLDER: leaves the kernel and the modules, numbered as they are to be loaded.
kernel_unpack() (
    cd "$1" && apt-get download -q "$package" && dpkg-deb -x ./*.deb unpacked || exit 1
    mkdir modules && mv unpacked/boot/vmlinuz-* vmlinuz || exit 1

    version=${package#linux-image-}
    depmod -b unpacked "$version" || exit 1
    for module in $modules; do
        modprobe -d "$PWD/unpacked" -S "$version" --show-depends "$module" || exit 1
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >paths || exit 1
    number=10
    while IFS= read -r path; do
        cp "$path" "modules/$number-${path##*/}" || exit 1
        number=$((number + 1))
    done <paths
    rm -r unpacked paths ./*.deb
)

# kernel_get CACHE: Debian's present one.
kernel_get() {
    local package unpacked

    if ! kernel_find "$1" || [ ! -d "$kernel" ]; then
        # What is known of the archive may be missing, or too old to download from it.
        [ "$(id -u)" -ne 0 ] || apt-get update -q || return 1
        kernel_find "$1" || { echo "apt-cache knows no linux-image-amd64"; return 1; }
    fi
    [ ! -d "$kernel" ] || return 0
    unpacked=$(mktemp -d "$1/unpacking.XXXXXX") &&
        kernel_unpack "$unpacked" && mv "$unpacked" "$kernel"
}

# root_make FOLDER PROGRAM
root_make() {
    local file

    mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,usr/bin} && cp -r "$kernel/modules" "$1/" &&
        cp "$(command -v busybox)" "$1/bin/busybox" && cp tests/vm/init "$1/init" &&
        cp "$2" "$1/usr/bin/usbredir-session" &&
        printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >"$1/etc/passwd" ||
        return 1

    # Lines are "name => /path (address)"; of the loader, "/path (address)".
    ldd "$2" | sed -n 's/^[^/]*\(\/.*\) (.*/\1/p' | while IFS= read -r file; do
        mkdir -p "$1${file%/*}" && cp -L "$file" "$1$file" || return 1
    done
}

# image_make CACHE FOLDER PROGRAM: FOLDER/vmlinuz and FOLDER/initramfs.
image_make() {
    mkdir -p "$1" && kernel_get "$1" && root_make "$2/root" "$3" &&
        ln -s "$kernel/vmlinuz" "$2/vmlinuz" &&
        (cd "$2/root" && find . | cpio -o -H newc --quiet) >"$2/initramfs"
}
