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

# times WORDS: of the lines that have these words, seconds since the machine was started.
times() {
    sed -n "s/^\[ *\([0-9.]*\)\] .*$1 .*/\1/p" "$directory/plugs"
}

# figure_of_delay WHAT FROM TO: between what has these words, plug by plug.
figure_of_delay() {
    figure "$1: $(paste <(times "$2") <(times "$3") | awk 'NF == 2 { print $2 - $1 }' | percentiles)"
}

# figure_of_plugs TIMES: the stick "third", to be given to vm2. check-plugs has the steps.
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
    # What udevadm saw, and what the journal has, by the same clock.
    host 'sed "s/^\(KERNEL\|UDEV\) *\[\([0-9.]*\)\] /[\2] \1 /" /tmp/events;
        since -o short-monotonic -u "usbredir-session@*"' >"$directory/plugs"
    figure_of_delay "the kernel's first event to the device's offer" 'KERNEL add' 'is offered'
    figure_of_delay "udev's event, at which the daemon acts, to that" 'UDEV add' 'is offered'
}
