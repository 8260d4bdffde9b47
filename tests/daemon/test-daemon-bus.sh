#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program usbredird, when its bus or its runtime directory are not as wished. Nothing here needs
# a device.
# shellcheck disable=SC2119,SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

skip_without dbus-daemon busctl setpriv
bed_start

has_name() {
    busctl call "${bus_manager[@]}" ListRules >"$directory/out" 2>&1
}

stop_bus() {
    kill "$world_bus_pid"
    wait "$world_bus_pid"
    world_bus_pid=
}

# Where the user nobody may write, or not.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "$(id -u)" -ne 0 ] || ! "${nobody[@]}" test -x "$builddir/usbredird" 2>/dev/null; then
    nobody=()
fi

name=a_runtime_directory_without_a_parent_is_told
daemon_start --runtime-dir="$directory/no/where"
daemon_ends 1
expect_log "cannot make $directory/no/where: No such file or directory"
pass

name=a_runtime_directory_that_is_a_file_is_told
: >"$directory/file"
daemon_start --runtime-dir="$directory/file"
daemon_ends 1
expect_log "cannot use $directory/file: Not a directory"
pass

name=a_runtime_directory_that_is_not_writable_is_told
if [ "${#nobody[@]}" -gt 0 ]; then
    as=("${nobody[@]}")
    mkdir -m 755 "$directory/roots"
    chmod 755 "$config" "$config"/*
    daemon_start --runtime-dir="$directory/roots" --config-dir="$directory/none"
    daemon_ends 1
    expect_log "cannot use $directory/roots: Permission denied"
    as=(env)
    pass
elif [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$directory/read-only"
    daemon_start --runtime-dir="$directory/read-only"
    daemon_ends 1
    expect_log "cannot use $directory/read-only: Permission denied"
    pass
fi

name=files_of_others_in_the_runtime_directory_do_no_harm
mkdir -p "$runtime"
for file in 1-1 garbage ..x '1-1.tmp'; do
    head -c 5000 /dev/zero >"$runtime/$file"
done
mkdir "$runtime/2-1"
daemon_ready
daemon_stop
rm -r "$runtime"
pass

name=a_user_who_may_not_own_the_name_is_told_so
if [ "${#nobody[@]}" -gt 0 ]; then
    as=("${nobody[@]}")
    install -d -o 65534 "$directory/nobodys"
    daemon_start --runtime-dir="$directory/nobodys" --config-dir="$directory/none"
    daemon_ends 1
    expect_log 'The name org.usbredir1 is not to be had: .*system.d/org.usbredir1.conf installed'
    as=(env)
    pass
fi

name=a_second_daemon_is_refused_and_the_first_goes_on
daemon_ready
first=$daemon log=$directory/second.log
daemon_start --runtime-dir="$directory/second"
daemon_ends 1
expect_log 'The name org.usbredir1 is not to be had: .*another program.*second usbredird'
daemon=$first log=$directory/daemon.log
has_name || fail "$(cat "$directory/out")"
pass

name=a_bus_that_is_restarted_gets_the_name_back
stop_bus
eventually grep -q 'the connection to D-Bus is lost' "$log"
bed_bus
eventually has_name
expect_log 'D-Bus is back'
[ "$(grep -c 'trying again' "$log")" -eq 1 ] || fail "it is told more than once"
daemon_stop
pass

# Sessions are worth more than the bus.
name=without_a_bus_it_is_ready_late_and_takes_the_bus_when_it_comes
stop_bus
daemon_start
expect_notify 'READY=1|STATUS=*'
expect_log 'no connection to D-Bus: .*; trying again every 1 s'
expect_log 'no bus within 5 s: going on without it'
bed_bus
eventually has_name
expect_log 'D-Bus is back'
daemon_stop
pass

name=takes_the_bus_of_the_option
as=(env -u DBUS_SYSTEM_BUS_ADDRESS)
daemon_ready --bus-address="$world_bus_address"
as=(env)
has_name || fail "$(cat "$directory/out")"
daemon_stop
pass

name=an_address_that_is_none_is_told
daemon_start --bus-address=nonsense
expect_notify 'READY=1|STATUS=*'
expect_log 'no connection to D-Bus: '
daemon_stop
pass
finish
