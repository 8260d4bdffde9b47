#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program usbredird: its command line, what it tells the service manager, its files, its bus.
# Nothing here needs a device.
# shellcheck disable=SC2119,SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

skip_without dbus-daemon dbus-send busctl setpriv
bed_start

# cli CODE [OPTION]...: what it printed is in $directory/out and err.
cli() {
    local want=$1 code=0

    shift
    timeout "$deadline" "$builddir/usbredird" "$@" >"$directory/out" 2>"$directory/err" || code=$?
    [ "$code" -eq "$want" ] || fail "exit code $code, not $want: $(cat "$directory/err")"
}

name=says_its_version_and_help_on_standard_output
cli 0 --version
[[ $(cat "$directory/out") == usbredird\ [0-9]* ]] || fail "$(cat "$directory/out")"
cli 0 --help
grep -q '^Usage: usbredird ' "$directory/out" || fail "$(cat "$directory/out")"
[ ! -s "$directory/err" ] || fail "$(cat "$directory/err")"
pass

name=wrong_usage_is_exit_code_2
for words in --colour word --config-dir= --runtime-dir; do
    cli 2 "$words"
    [ ! -s "$directory/out" ] || fail "$(cat "$directory/out")"
    grep -q 'usbredird: ' "$directory/err" || fail "$(cat "$directory/err")"
    [ "$(tail -n 1 "$directory/err")" = 'Try "usbredird --help".' ] || fail "$(cat "$directory/err")"
done
pass

name=tells_the_service_manager_of_start_reload_and_end
daemon_start
expect_notify 'READY=1|STATUS=0 devices, 0 redirected, 0 waiting'
expect_log 'ready: 0 devices, 0 redirected, 0 waiting'
kill -HUP "$daemon"
expect_notify 'RELOADING=1|MONOTONIC_USEC=[1-9]*'
[[ $message != *[!0-9] ]] || fail "$message"
expect_notify READY=1
call Pause || fail "$answer"
expect_notify 'STATUS=0 devices, 0 redirected, 0 waiting; paused'
call Resume || fail "$answer"
expect_notify 'STATUS=0 devices, 0 redirected, 0 waiting'
kill -TERM "$daemon"
expect_notify STOPPING=1
daemon_ends 0
pass

name=ends_with_SIGINT_too
daemon_ready
kill -INT "$daemon"
await_notify STOPPING=1
daemon_ends 0
pass

name=a_pause_outlives_the_daemon
daemon_ready
call Pause || fail "$answer"
daemon_stop
daemon_ready
[ "$(get Paused)" = 'b true' ] || fail "$(get Paused)"
call Resume || fail "$answer"
daemon_stop
pass

# What is wrong, where; the file below $config, its lines.
name=a_broken_main_file_is_told_and_nothing_is_started
while IFS='|' read -r place want file lines; do
    mkdir -p "$config/usbredird.conf.d"
    printf '%b' "$lines" >"$config/$file"
    daemon_start
    daemon_ends 1
    expect_log "$config/$file:$place: .*$want"
    expect_log 'not started: '
    expect_no_log 'ready'
    rm -r "${config:?}/$file" "$config/usbredird.conf.d"
done <<'END'
2:1|Colour|usbredird.conf|[Daemon]\nColour=red\n
1:1|section|usbredird.conf|MaxSessions=3\n
3:13|from 1 to 512|usbredird.conf|[Daemon]\n# many\nMaxSessions=513\n
2:10|debug|usbredird.conf.d/10-log.conf|[Daemon]\nLogLevel=loud\n
END
pass

name=a_main_file_that_others_may_write_is_broken
echo '[Daemon]' >"$config/usbredird.conf"
chmod 666 "$config/usbredird.conf"
daemon_start
daemon_ends 1
expect_log "not started: $config/usbredird.conf: .*writ"
rm "$config/usbredird.conf"
pass

write_good_files() {
    printf '[Daemon]\nDefaultGuest=vm1\n' >"$config/usbredird.conf"
    printf '[Guest]\nChannel=unix:%s\n' "$directory/vm1" >"$config/guests.d/vm1.conf"
    printf -- '-1,-1,-1,-1,1 auto=no\n' >"$config/filters.d/10-mine.rules"
}

name=a_broken_guest_and_a_broken_filter_are_told_and_the_others_count
write_good_files
printf '[Guest]\nChannel=tcp:nowhere\n' >"$config/guests.d/vm2.conf"
printf '# no\n-1,-1,-1,-1,1 colour=red\n' >"$config/filters.d/20-yours.rules"
daemon_ready
for want in "$config/guests.d/vm2.conf:2:9:" "$config/filters.d/20-yours.rules:2:15:"; do
    expect_log "$want"
done
errors=$(get ConfigurationErrors)
[[ $errors == 'a(suus) 2 '* ]] || fail "$errors"
[[ $errors == *"\"$config/guests.d/vm2.conf\" 2 9 "* ]] || fail "$errors"
[[ $errors == *"\"$config/filters.d/20-yours.rules\" 2 15 "* ]] || fail "$errors"
call GetGuest s vm1 || fail "$answer"
call GetGuest s vm2 && fail "vm2 is there"
call ListRules || fail "$answer"
[[ $answer == 'a(sussa{sv}) 2 '*auto=no*'"broken"'* ]] || fail "$answer"
pass

name=a_reload_of_mended_files_is_told_of
rm "$config/guests.d/vm2.conf" "$config/filters.d/20-yours.rules"
call Reload || fail "$answer"
expect_notify 'RELOADING=1|*'
expect_notify READY=1
[ "$(get ConfigurationErrors)" = 'a(suus) 0' ] || fail "$(get ConfigurationErrors)"
pass

# The file, its lines, what the answer says.
name=a_reload_of_a_broken_file_names_it_and_keeps_what_was_in_force
call ListRules
rules=$answer
while IFS='|' read -r file want lines; do
    printf '%b' "$lines" >"$config/$file"
    answer=$(dbus-send --bus="$world_bus_address" --print-reply --dest=org.usbredir1 "$bus_root" \
        org.usbredir1.Manager.Reload 2>&1) && fail "$file is taken"
    [[ $answer == *"org.freedesktop.DBus.Error.InvalidFileContent: $config/$file:$want"* ]] ||
        fail "$answer"
    expect_log "$config/$file:$want"
    call GetGuest s vm1 || fail "$file: $answer"
    call ListRules || fail "$answer"
    [ "$answer" = "$rules" ] || fail "$file: $answer"
    [[ $(get ConfigurationErrors) == 'a(suus) 1 '* ]] || fail "$(get ConfigurationErrors)"
    write_good_files
done <<'END'
usbredird.conf|1:2:|[Demon]\n
guests.d/vm1.conf|2:1:|[Guest]\nChanel=unix:/x\n
filters.d/10-mine.rules|1:1:|what?\n
END
call Reload || fail "$answer"
daemon_stop
pass
finish
