#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What people type at busctl works as it is written in the documentation. As root also: another user
# may read, and nothing else.
set -eu

if [ "${1-}" != inside ]; then
    exec sh "$(dirname "$0")/with-daemon.sh" sh "$0" inside
fi

bad=0
expect() {
    wanted=$1
    shift
    got=$("$@" 2>&1) || true
    case $got in
        $wanted) echo "ok: $*" ;;
        *)
            echo "NOT ok: $*: \"$got\" instead of \"$wanted\""
            bad=1
            ;;
    esac
}

name=org.usbredir1
root=/org/usbredir1
manager="$name $root $name.Manager"

# shellcheck disable=SC2086
{
    expect 'o "/org/usbredir1/sessions/1"' \
        busctl call $manager Attach 'ssa{sv}' 1-1 vm1 0
    expect 'o "/org/usbredir1/sessions/2"' \
        busctl call $manager Attach 'ssa{sv}' 2-1.4 vm2 1 wait b true
    expect 's "starting"' busctl get-property $name $root/devices/_31_2d1 $name.Device State
    expect 'o "/org/usbredir1/sessions/1"' \
        busctl get-property $name $root/devices/_31_2d1 $name.Device Session
    expect 'u 2' busctl get-property $manager SessionCount
    expect 'a{sv} 16 "verdict" s "allowed"*' busctl call $manager Explain s 1-1
    expect 'a(sussa{sv}) 1 "/etc/usbredir/filters.d/50-test.rules" 1 "-1,-1,-1,-1,1 guest=vm1,vm2 auto=no" "allow" 2 "guest" s "vm1,vm2" "auto" s "no"' \
        busctl call $manager ListRules
    expect 'a{sv} 6 "bytes-received" t 0*' \
        busctl call $name $root/sessions/1 $name.Session GetStatistics
    expect '' busctl call $manager Detach 'sa{sv}' 1-1 0
    expect 'u 1' busctl get-property $manager SessionCount
    expect '' busctl call $name $root/devices/_32_2d1_2e4 $name.Device Detach 'a{sv}' 0
    expect '*There is no device "3-1"*' busctl call $manager Attach 'ssa{sv}' 3-1 vm1 0
    expect '*sessions*' busctl tree $name
    log='/org/freedesktop/LogControl1 org.freedesktop.LogControl1'
    expect '' busctl set-property $name $log LogLevel s debug
    expect 's "debug"' busctl get-property $name $log LogLevel
    expect '*no log level*' busctl set-property $name $log LogLevel s loud
    expect 's "usbredird"' busctl get-property $name $log SyslogIdentifier
}

# Another user; polkit does not run on this bus.
if [ "$(id -u)" -eq 0 ] && as='setpriv --reuid=nobody --regid=nogroup --clear-groups' &&
    $as true 2>/dev/null; then
    # shellcheck disable=SC2086
    {
        expect 'u 0' $as busctl get-property $manager SessionCount
        expect 'a{sv} 16 *' $as busctl call $manager Explain s 1-1
        for call in "Attach ssa{sv} 1-1 vm1 0" "Detach sa{sv} 1-1 0" DetachAll Reload Pause Resume \
            "AddRule sa{sv} 8,-1,-1,-1,1 0" "RemoveRule sus 20-added.rules 1 8,-1,-1,-1,1"; do
            expect '*ccess denied*' $as busctl call $manager $call
        done
        expect '*ccess denied*' $as busctl call $name $root/guests/vm1 $name.Guest Connect
        expect '*ccess denied*' $as busctl set-property $name $log LogLevel s info
    }
else
    echo "not root: other users were not tried"
fi

exit $bad
