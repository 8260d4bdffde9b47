# SPDX-License-Identifier: LGPL-2.1-or-later
# What becomes of devices, by rules and by hand: to be sourced by bash, after daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

goes_by_rule() {
    host 'rules 10-sticks.rules "-1,-1,-1,-1,1 serial=super guest=vm1"'
    insert super 1
    guest_has super || return
    is "the stick is" redirected "$(host 'device super State')"
    is "the rule that decided is" /etc/usbredir/filters.d/10-sticks.rules:1 \
        "$(host 'device super Rule')"
    is_unit usbredird.service StatusText "1 devices, 1 redirected, 0 waiting"
    guest_reads_all super
    exits "the guest writes 8 MiB" 0 guest 'write_data super'
    exits "busctl detaches it" 0 host 'manager Detach "sa{sv}" $(port_of super) 0'
    guest_has_not super
    is_returned super
    is "the host reads what the guest wrote" "$(guest 'sum /tmp/data')" "$(host 'sum_data super')"
    is "no rule acts on it any more" true "$(host 'device super Inhibited')"
}

goes_by_hand() {
    exits "busctl attaches it" 0 host 'manager Attach "ssa{sv}" $(port_of super) vm1 0'
    guest_has super || return
    is "that was by hand" true "$(host 'session_property super ByHand')"
    exits "twice is refused" 1 host 'usbredirctl attach $(port_of super) vm1'
    exits "where its rule does not let it go: code 4" 4 \
        host 'usbredirctl detach $(port_of super) && usbredirctl attach $(port_of super) vm2'
    is_returned super
    exits "usbredirctl attaches it, and waits" 0 \
        host 'usbredirctl attach --wait $(port_of super) vm1'
    guest_has super
    exits "usbredirctl detaches it" 0 host 'usbredirctl detach 46f4:0001:super'
    guest_has_not super
    is_returned super
}

# goes_as NAME: this way of naming the stick "high".
goes_as() {
    exits "$1 is one stick" 0 host "usbredirctl attach --wait $1 vm1"
    guest_has high
    is "it is the right one" "high/redirected third/idle" \
        "$(host 'echo high/$(device high State) third/$(device third State)')"
    exits "$1 is detached" 0 host "usbredirctl detach $1"
    is_returned high
}

tells_twins_apart() {
    local port path

    plug high 3
    plug third 4
    is "their product may be redirected by hand only" idle/idle \
        "$(host 'echo $(device high State)/$(device third State)')"
    exits "a name that several have: code 3" 3 host 'usbredirctl attach 46f4:0001 vm1'
    is "it says their ports" "$(host 'port_of high; port_of super; port_of third' | sort | xargs)" \
        "$(grep -o '[0-9]*-[0-9.]*' "$directory/output" | sort -u | xargs)"
    goes_as 46f4:0001:high
    port=$(host 'port_of high')
    goes_as "$port"

    path=$(host 'device third Path')
    host "rules 20-third.rules '-1,-1,-1,-1,1 guest=vm2 path=$path'"
    guest_has third
    is "a rule for $path takes one of them" "idle redirected" \
        "$(host 'echo $(device high State) $(device third State)')"
    is "its controller there is" ehci-pci "$(guest 'controller_of third')"
}

is_unplugged() {
    local began

    unplug super
    insert super 1
    guest_has super || return
    began=${EPOCHREALTIME/./}
    unplug super
    guest_has_not super
    began=$((${EPOCHREALTIME/./} - began))
    exits "within 2 s, in $((began / 1000)) ms" 0 test "$began" -lt 2000000
    exits "its session is over" 0 host 'soon no usbredirctl status 46f4:0001:super'
    insert super 1
    guest_has super
}

# With nothing configured but DefaultGuest=, and the daemon not running.
reader_starts_daemon() {
    local reader

    host 'rm /etc/usbredir/filters.d/*
        && printf "%s\n" "[Daemon]" DefaultGuest=vm1 >/etc/usbredir/usbredird.conf'
    exits "the daemon does not run" 3 host 'systemctl is-active usbredird'
    device_plug usb-ccid reader 2 ""
    exits "a reader is seen" 0 host 'soon port_of_product 08e6:4433'
    reader=$(cat "$directory/output")
    exits "it is to be redirected" 0 host "soon has_property $reader USBREDIR_AUTO=1"
    exits "it starts the daemon" 0 host 'soon systemctl is-active usbredird'
    exits "the guest has it" 0 guest 'soon port_of_product 08e6:4433'
    is "by the rule that comes with the package" /usr/lib/usbredir/filters.d/50-udev.rules:5 \
        "$(host "property \$(object_of GetDevice $reader) Device Rule")"
    is "sticks stay where they are" idle "$(host 'device high State')"
    unplug reader
    exits "unplugged, it is gone there" 0 guest 'soon no port_of_product 08e6:4433'
}
