# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon goes and comes, sessions go on; sessions die, devices come back: to be sourced by bash,
# after daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# goes_on WHAT COMMAND: what it does to the daemon is not noticed.
goes_on() {
    local daemon

    daemon=$(host daemon_pid)
    exits "the daemon can be $1" 0 host "$2"
    exits "another one serves" 0 host "soon is_other_daemon $daemon"
    is "the same session, in the same process" "$session" "$(host 'session_of super')"
    is "the stick is" redirected "$(host 'device super State')"
}

sessions_go_on() {
    local session socket='systemctl show --property=ActiveEnterTimestampMonotonic usbredir-session.socket'
    local since

    package_again "$package" "$(dpkg-deb -f "$package" Version)+1" "$directory/share/newer.deb" \
        >/dev/null || die "a newer package"
    session=$(host 'session_of super')
    since=$(host "$socket")
    guest 'dmesg -c >/dev/null; copy_begin super'
    goes_on restarted 'systemctl restart usbredird'
    goes_on killed 'kill -KILL $(daemon_pid)'
    goes_on "installed again" "dpkg -i /share/${package##*/}"
    goes_on upgraded 'dpkg -i /share/newer.deb'
    is "all the time the guest has read the same" "$(stick_sum super)" "$(guest copy_end)"
    is "its kernel has nothing to say" "" "$(guest 'dmesg | grep -i "error\|reset\|offline"')"
    is "the sessions' socket was never closed" "$since" "$(host "$socket")"
}

session_is_killed() {
    local number session

    session=$(host 'session_of super')
    number=$(host 'session_property super Pid')
    host 'mark'
    host "kill -KILL $number"
    exits "a session is killed: the host's driver takes the stick" 0 \
        host "soon said 'usb-storage.*Mass Storage device detected'"
    exits "the daemon says so" 0 host 'soon said "returned to the host"'
    exits "then the rule gives it away again" 0 \
        host "soon is_device super redirected && [ \"\$(session_of super)\" != '$session' ]"
    guest_has super
    guest_reads_all super
}

daemon_stops() {
    local session

    session=$(host 'session_of super')
    is "two are redirected" "redirected redirected" \
        "$(host 'echo $(device super State) $(device third State)')"
    goes_on restarted 'systemctl restart usbredird'
    exits "the daemon stops" 0 host 'systemctl stop usbredird'
    is_returned super
    is_returned third
    exits "no session is left" 0 host 'soon no_session'
    guest_has_not super
}
