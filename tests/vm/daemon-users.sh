# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may do what: people, and the session processes; to be sourced by bash, after daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# connect USER: to the sessions' socket.
connect() {
    host "setpriv --reuid=$1 --clear-groups perl -MSocket -e '
        socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die;
        exit(connect(S, sockaddr_un(\"/run/usbredir-session\")) ? 0 : 10)'"
}

starts_sessions() {
    exits "others may not start sessions" 10 connect nobody
    is_unit usbredir-session.socket NAccepted 0
    exits "the daemon's user may" 0 connect usbredir
    exits "one without an order ends" 0 host 'soon no_session'
    is_unit usbredir-session.socket NAccepted 1
}

# refuses_nobody WORDS: all that changes something.
refuses_nobody() {
    is "nobody is refused: $1" "" "$(host "
        not_refused '$1' Manager /org/usbredir1 Attach_ssa{sv}_46f4:0001:super_vm1_0
            Detach_sa{sv}_46f4:0001:super_0 DetachAll Reload Pause Resume
            AddRule_sa{sv}_8,-1,-1,-1,0_0 RemoveRule_sus_20-added.rules_1_8,-1,-1,-1,0;
        not_refused '$1' Device \$(object_of GetDevice 46f4:0001:super) Attach_sa{sv}_vm1_0
            Detach_a{sv}_0;
        not_refused '$1' Guest \$(object_of GetGuest vm1) Connect Disconnect")"
}

asks_polkit() {
    refuses_nobody 'needs authentication'
    exits "usbredirctl says so: code 4" 4 host 'as_nobody usbredirctl detach --all'
    exits "nobody may look" 0 host 'as_nobody usbredirctl list &&
        as_nobody usbredirctl status 46f4:0001:super && as_nobody usbredirctl explain 46f4:0001:super'
    exits "at numbers too" 0 \
        host 'as_nobody busctl call org.usbredir1 $(device super Session) org.usbredir1.Session GetStatistics'
    host 'systemctl mask --runtime --now polkit.service' >/dev/null
    # busctl has these words for all that is not allowed.
    refuses_nobody 'Access denied'
    exits "root needs no polkit" 0 host 'usbredirctl pause && usbredirctl resume'
    host 'systemctl unmask --runtime polkit.service' >/dev/null
    is "the stick is still" redirected "$(host 'device super State')"
}

# Rules are written by the daemon, in the sandbox that it has.
changes_rules() {
    local file=/etc/usbredir/filters.d/20-added.rules

    exits "root adds a rule" 0 host "usbredirctl rules add '0x55,-1,-1,-1,0 serial=none'"
    is "it is in a file that all may read" "usbredir 644 0x55,-1,-1,-1,0 serial=none" \
        "$(host "stat -c '%U %a' $file | tr '\n' ' '; cat $file")"
    is "it is in force" 1 "$(host 'usbredirctl --no-legend rules' | grep -c '20-added.rules:1 ')"
    is "nothing else is written to" "" "$(host 'p=$(systemctl show -P MainPID usbredird);
        for d in /etc/usbredir /etc/usbredir/guests.d /usr/lib/usbredir; do
            nsenter -t "$p" -m test -w "$d" && echo "$d"; done')"
    exits "root removes it" 0 host 'usbredirctl rules remove 20-added.rules:1'
    is "the file is empty" 0 "$(host "stat -c %s $file")"
    exits "the doctor has no complaint about the host" 0 \
        host '! usbredirctl doctor | grep -E "^(problem|warning) +(daemon|usbfs|polkit|udev)"'
    is "the stick is still" redirected "$(host 'device super State')"
}

# has_line LINE: in $directory/status.
has_line() {
    is "the session's $1" "$1" "$(grep -m 1 "^${1%% *}" "$directory/status")"
}

is_sandboxed() {
    local unit line

    unit=$(host 'session_property super Unit')
    is "its unit is known" 1 "$(grep -c '^usbredir-session@[0-9-]*\.service$' <<<"$unit")"
    is_unit "$unit" MainPID "$(host 'session_property super Pid')"
    is_unit "$unit" Slice usbredir.slice
    is_unit "$unit" ControlGroup "/usbredir.slice/$unit"
    host "p=\$(session_property super Pid); cat /proc/\$p/status /proc/\$p/cgroup" |
        tr -s '\t ' ' ' >"$directory/status"
    for line in 'Threads: 1' 'Seccomp: 2' 'NoNewPrivs: 1' 'CapPrm: 0000000000000000' \
        'CapEff: 0000000000000000' 'CapBnd: 0000000000000000' 'CapAmb: 0000000000000000' \
        "0::/usbredir.slice/$unit"; do
        has_line "$line"
    done
    exits "its user is a dynamic one of its own" 0 host \
        "[ \$(stat -c %u /proc/\$(session_property super Pid)) -ge 61184 ] &&
            [ \$(stat -c %u /proc/\$(session_property super Pid)) != \$(stat -c %u /proc/\$(session_property third Pid)) ]"
    is "its memory is limited" 100663296 \
        "$(host "cat /sys/fs/cgroup/usbredir.slice/$unit/memory.max")"
    is "the host's driver is usbfs" usbfs "$(host 'driver_of super')"
    host 'for unit in usbredird usbredir-session@x; do
        systemd-analyze security --no-pager $unit.service | tail -n 1; done' | sed 's/^[^a-zA-Z]*/    /'
}
