# SPDX-License-Identifier: LGPL-2.1-or-later
# What machines with systemd boot, to be sourced by bash, after kernel.sh: a Debian on a disk. Disks
# are kept, by their name, the recipe, the kernel and what is in them.
# shellcheck shell=bash disable=SC2154

# Of every disk.
debian_packages=systemd-sysv,dbus,udev,kmod,iproute2,procps,apparmor

# packages_wanted PACKAGE: what it depends on; of "a (>= 1) | b, c" a and c.
packages_wanted() {
    dpkg-deb -f "$1" Depends | sed 's/ *([^)]*)//g; s/ *|[^,]*//g; s/ //g'
}

# disk_build IMAGE PACKAGES
disk_build() {
    local suite

    suite=$(. /etc/os-release && echo "$VERSION_CODENAME") || return 1
    mmdebstrap --quiet --variant=essential --include="$2" --format=null \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="tests/vm/debian-disk \"\$1\" '$kernel' '$1'" "$suite"
}

# disk_get CACHE NAME PACKAGES: sets disk. Former ones of that name are deleted.
disk_get() {
    local packages=$debian_packages,$3 recipe

    recipe=$( (echo "$packages $kernel" && cat tests/vm/debian.sh tests/vm/debian-disk) |
        sha256sum) || return 1
    disk="$1/$2-${recipe:0:12}.ext4"
    [ ! -e "$disk" ] || return 0
    rm -f "$1/$2"-*.ext4*
    disk_build "$disk.new" "$packages" && mv "$disk.new" "$disk"
}

# Its first root, in memory, finds the disk.
boot_root_make() {
    mkdir -p "$1"/{bin,dev,disk,proc} && cp -r "$kernel/boot-modules" "$1/modules" &&
        cp "$(command -v busybox)" "$1/bin/busybox" && cp tests/vm/debian-init "$1/init"
}

# debian_make CACHE FOLDER NAME PACKAGES: FOLDER/vmlinuz, FOLDER/disk and FOLDER/disk-initramfs; and
# FOLDER/share, which the machine has as /share.
debian_make() {
    local disk

    mkdir -p "$1" "$2/share" && kernel_get "$1" && disk_get "$1" "$3" "$4" &&
        boot_root_make "$2/boot-root" && ln -sf "$kernel/vmlinuz" "$2/vmlinuz" &&
        ln -sf "$disk" "$2/disk" && cp tests/vm/shell "$2/share" &&
        (cd "$2/boot-root" && find . | cpio -o -H newc --quiet) >"$2/disk-initramfs"
}

# package_again PACKAGE VERSION FILE: the same with another version.
package_again() {
    local tree=$3.tree

    dpkg-deb -R "$1" "$tree" && sed -i "s/^Version: .*/Version: $2/" "$tree/DEBIAN/control" &&
        dpkg-deb --root-owner-group -b "$tree" "$3" && rm -r "$tree"
}
