# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon, and its package, in the machine "host": to be sourced by bash, after usb.sh.
# shellcheck shell=bash disable=SC2016,SC2154

explain() {
    host 'journalctl -q --no-pager -o short-monotonic -n 30 -u "usbredir*" | sed "s/^/    /"'
}

# is_unit UNIT PROPERTY VALUE
is_unit() {
    is "$1: $2" "$3" "$(host "systemctl show --property=$2 --value $1")"
}

guest_has() {
    exits "the guest has the stick $1" 0 guest "soon has_disk $1"
}

guest_has_not() {
    exits "the guest has the stick $1 no more" 0 guest "soon no has_disk $1"
}

# is_device STICK STATE
is_device() {
    exits "the stick $1 is $2" 0 host "soon is_device $1 $2"
}

is_installed() {
    exits "the package can be installed" 0 host "dpkg -i /share/${package##*/}"
    is "the machine is in order" running "$(host 'systemctl is-system-running')"
    is_unit usbredir-session.socket UnitFileState enabled
    is_unit usbredir-session.socket ActiveState active
    exits "systemd finds no mistake in the units" 0 \
        host 'systemd-analyze verify --man=no --recursive-errors=yes usbredir-session.socket usbredir-session@.service usbredird.service'
    is_unit usbredird.service UnitFileState enabled
    is_unit usbredird.service ActiveState active
    is_unit usbredird.service NRestarts 0
    exits "it can be disabled, and stopped" 0 host 'systemctl disable --now usbredird'
    is_unit usbredird.service ActiveState inactive
    exits "it can be enabled, and started" 0 host 'systemctl enable --now usbredird'
    is_unit usbredird.service StatusText "0 devices, 0 redirected, 0 waiting"
}

is_configured() {
    host "guest_file vm1 ${address[first]} ${address[second]}; guest_file vm2 ${address[third]}"
    exits "systemd has it read its files again" 0 host 'systemctl reload usbredird'
    is "the guests are known" "vm1 vm2" \
        "$(host "usbredirctl --no-legend guests | cut -d' ' -f1 | xargs")"
    host 'guest_file broken tcp:nowhere'
    exits "a broken file fails the reload" 1 host 'systemctl reload usbredird'
    exits "its mistake is told" 0 host 'usbredirctl status | grep broken.conf'
    exits "without it all is well" 0 \
        host 'rm /etc/usbredir/guests.d/broken.conf && systemctl reload usbredird'
}

is_removed() {
    exits "the package can be removed" 0 host 'dpkg --purge usbredird'
    is_unit usbredir-session.socket ActiveState inactive
    exits "no session is left" 0 host 'soon no_session'
    is "nothing is left but the user, and what admins wrote" "" \
        "$(host 'find /etc /lib/ /usr /run -name "*usbred*" -not -path "/etc/usbredir*"' | xargs)"
}
