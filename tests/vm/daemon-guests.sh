# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that go, come back, pause, or have no channel left: to be sourced by bash, after daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

guest_comes_back() {
    guest_restart || die "the guest does not come again"
    guest_has super
    guest_reads_all super
    guest_has third
    is "the guest is" connected "$(host 'property $(object_of GetGuest vm1) Guest State')"
}

# pauses SECONDS: with a copy under way.
guest_pauses() {
    local session

    session=$(host 'session_of super')
    guest 'copy_begin super'
    guest_pause
    # The time is what is tested.
    sleep "$1"
    is "its session goes on while the guest is paused for $1 s" "$session" \
        "$(host 'session_of super')"
    guest_resume
    is "nothing was lost" "$(stick_sum super)" "$(guest copy_end)"
}

channel_is_busy() {
    exits "without a free channel: refused" 1 host 'usbredirctl attach 46f4:0001:high vm2'
    host 'rules 30-high.rules "-1,-1,-1,-1,1 serial=high guest=vm2"'
    is_device high waiting
    is "it is in the queue of its guest" "$(host 'object_of GetDevice 46f4:0001:high')" \
        "$(host 'property $(object_of GetGuest vm2) Guest Queue' | sed 's/^[0-9]* //')"
    is_unit usbredird.service StatusText "3 devices, 2 redirected, 1 waiting"
    exits "the other one is detached" 0 host 'usbredirctl detach 46f4:0001:third'
    is_returned third
    guest_has high
    host 'rm /etc/usbredir/filters.d/30-high.rules && usbredirctl reload'
    is "a rule that goes ends no session" redirected "$(host 'device high State')"
    exits "until it is detached" 0 host 'usbredirctl detach 46f4:0001:high'
    is_returned high
    exits "the other one may have the channel again" 0 \
        host 'usbredirctl attach --wait 46f4:0001:third vm2'
}
