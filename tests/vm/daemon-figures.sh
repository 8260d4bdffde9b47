# SPDX-License-Identifier: LGPL-2.1-or-later
# How long, how fast, how big, on processors that QEMU emulates: to be sourced by bash, after
# daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

figure() {
    echo "figure: $*"
}

# percentiles: of numbers, a line each.
percentiles() {
    sort -n | awk '{ n[NR] = $1 } END {
        printf "p50 %.0f ms, p99 %.0f ms, of %u", n[int((NR + 1) / 2)] * 1000, n[int(NR * .99 + .99)] * 1000, NR }'
}

figures_of_memory() {
    figure "memory (Pss) of the daemon: $(host 'pss $(daemon_pid)') KiB"
    figure "memory (Pss) of a session: $(host 'pss $(session_property super Pid)') KiB"
}

figure_of_reading() {
    guest 'before=$(cut -d" " -f1 /proc/uptime); dd if=$(disk_of super) of=/dev/null bs=1M
        iflag=direct 2>/dev/null; cut -d" " -f1 /proc/uptime; echo $before' | xargs |
        awk '{ printf "figure: the guest reads %.1f MB/s (32 MiB, dd)\n", 33.554432 / ($1 - $2) }'
}

# figure_of_delay WHAT SOURCE ACTION: from what udevadm saw to what the sessions said, plug by plug.
figure_of_delay() {
    sed -n "s/^$2 *\[\([0-9.]*\)\] $3 .*/\1/p" "$directory/events" |
        paste - "$directory/offered" | awk 'NF == 2 { print $2 - $1 }' >"$directory/delays"
    figure "$1: $(percentiles <"$directory/delays")"
}

# figure_of_plugs TIMES: the stick "third", to be given to vm2.
figure_of_plugs() {
    local i

    host 'mark; udevadm monitor --kernel --udev --subsystem-match=usb/usb_device >/tmp/events & monitor=$!'
    for ((i = 0; i < $1; i++)); do
        unplug third
        host 'soon no object_of GetDevice 46f4:0001:third >/dev/null' || die "the stick is not gone"
        insert third 4
        host 'soon is_device third redirected' || die "the stick is not redirected"
    done
    host 'kill $monitor'
    # Both clocks are the kernel's, since it was started.
    host 'since -o short-monotonic -u "usbredir-session@*"' >"$directory/journal"
    sed -n 's/^\[ *\([0-9.]*\)\].* is offered .*/\1/p' "$directory/journal" >"$directory/offered"
    host 'cat /tmp/events' >"$directory/events"
    figure_of_delay "the kernel's add to the device's offer" KERNEL add
    figure_of_delay "udev's bind, at which the daemon acts, to the device's offer" UDEV bind
}
