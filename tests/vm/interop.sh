# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/interop.md, of which each check with --full writes its own section: to be sourced by bash, in
# the source folder.
# shellcheck shell=bash disable=SC2016

interop_file=docs/interop.md

# versions: of what the results are of; while there is a guest.
versions() {
    echo "$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/QEMU \1/p')," \
        "Linux $(guest 'uname -r'), libusb $(dpkg-query -W -f '${source:Upstream-Version}' libusb-1.0-0)"
}

# interop_write SECTION: standard input becomes that section, at its place, or at the end if there is
# none yet. The file is made if it is missing.
interop_write() {
    local new=$interop_file.new

    if [ ! -e "$interop_file" ]; then
        printf '%s\n\n%s\n' '# What was tried with what' \
            'Written by `tests/vm/check-* --full`: what stands between two marks is never edited.' \
            >"$interop_file" || return 1
    fi
    grep -qxF "<!-- $1 begin -->" "$interop_file" ||
        printf '\n%s\n%s\n' "<!-- $1 begin -->" "<!-- $1 end -->" >>"$interop_file" || return 1
    {
        sed "/^<!-- $1 begin -->\$/q" "$interop_file" && cat &&
            sed -n "/^<!-- $1 end -->\$/,\$p" "$interop_file"
    } >"$new" && mv "$new" "$interop_file"
}
