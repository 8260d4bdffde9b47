# SPDX-License-Identifier: LGPL-2.1-or-later
# What the machines in memory boot, to be sourced by bash, after kernel.sh: Debian's kernel, and a root
# of busybox, with a session program and what it needs if there is one. Made anew each time, in a
# second.
# shellcheck shell=bash

# program_build CACHE: CACHE/program/usbredir-session, as users have it.
program_build() (
    [ -x configure ] || ./autogen.sh || exit 1
    mkdir -p "$1/program" && cd "$1/program" || exit 1
    [ -f Makefile ] || ../../configure || exit 1
    make -j"$(nproc)" usbredir-session
)

# root_add FOLDER PROGRAM NAME: with the libraries that it needs.
root_add() {
    local file

    mkdir -p "$1/usr/bin" && cp "$2" "$1/usr/bin/$3" || return 1
    # Lines are "name => /path (address)"; of the loader, "/path (address)".
    ldd "$2" | sed -n 's/^[^/]*\(\/.*\) (.*/\1/p' | while IFS= read -r file; do
        mkdir -p "$1${file%/*}" && cp -L "$file" "$1$file" || return 1
    done
}

# root_make FOLDER [PROGRAM]
root_make() {
    mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,usr/bin} && cp -r "$kernel/modules" "$1/" &&
        cp "$(command -v busybox)" "$1/bin/busybox" && cp tests/vm/init tests/vm/shell "$1" &&
        printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >"$1/etc/passwd" ||
        return 1
    [ $# -le 1 ] || root_add "$1" "$2" usbredir-session
}

# image_make CACHE FOLDER [PROGRAM]: FOLDER/vmlinuz and FOLDER/initramfs, of FOLDER/root, which may have
# something already.
image_make() {
    mkdir -p "$1" && kernel_get "$1" && root_make "$2/root" "${@:3}" &&
        ln -sf "$kernel/vmlinuz" "$2/vmlinuz" &&
        (cd "$2/root" && find . | cpio -o -H newc --quiet) >"$2/initramfs"
}
