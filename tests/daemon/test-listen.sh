#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that dial in: a real QEMU, at sockets of the daemon's own and at those that systemd passes.
# shellcheck disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"
# shellcheck source=../emulated/qemu.sh
. "$sourcedir/tests/emulated/qemu.sh"

if ! "$builddir/usbredird" --help | grep -q -e --no-sandbox; then
    echo "built without --enable-test-hooks: skipped"
    exit 77
fi
skip_without busctl python3
qemu_is_possible || exit 77
world_is_possible || exit 77
bed_start world
trap 'stop_qemu; cleanup' EXIT

# channels: of the guest, "state device" each in a line.
channels() {
    busctl --json=short get-property org.usbredir1 "$bus_root/guests/vm1" org.usbredir1.Guest Channels |
        python3 -c 'import json, sys
for c in json.load(sys.stdin)["data"]: print(c[1], c[2])'
}

# channels_are STATES
channels_are() {
    [ "$(channels | xargs)" = "$1" ]
}

guest_file() {
    printf '%s\n' '[Guest]' "$@" >"$config/guests.d/vm1.conf"
}

device_is() {
    [ "$(busctl get-property org.usbredir1 "$bus_root/devices/_31_2d1" org.usbredir1.Device State)" = "s \"$1\"" ]
}

# Once for each QEMU.
boots() {
    wait_for_boot_line "$daemon" || fail "no boot line"
}

# with_sockets NAME=PORT...: "as" for a daemon to which systemd passes sockets that listen there.
with_sockets() {
    as=(python3 -c 'import os, socket, sys
n = sys.argv.index("--")
names = []
for i, word in enumerate(sys.argv[1:n]):
    name, port = word.split("=")
    s = socket.create_server(("127.0.0.1", int(port)), backlog=8)
    os.dup2(s.detach(), 100 + i)
    names.append(name)
for i in range(len(names)):
    os.dup2(100 + i, 3 + i, True)
    os.close(100 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=":".join(names))
os.execv(sys.argv[n + 1], sys.argv[n + 1:])' "$@" --)
}

echo '-1,-1,-1,-1,1 guest=vm1' >"$config/filters.d/10-mine.rules"
socket=$runtime/vm1.sock
guest_file "Channel=listen:unix:$socket"

name=an_attach_before_the_guest_dials_in_says_so
world_do 'plug stick 1-1 serial=S1' || fail "$world_answer"
daemon_ready --no-sandbox
eventually channels_are listening
call Detach 'sa{sv}' 1-1 0 || fail "$answer"
! call Attach 'ssa{sv}' 1-1 vm1 0 || fail "attached"
[[ $answer == *"guest 'vm1' has not dialled in: start it, or wait"* ]] || fail "$answer"
pass

name=a_guest_is_held_until_a_device_wants_it
start_qemu qemu-xhci 1 "socket,path=$socket,server=off,reconnect=1"
eventually channels_are 'listening connected'
call Attach 'ssa{sv}' 1-1 vm1 0 || fail "$answer"
boots
eventually channels_are 'listening occupied 1-1'
pass

name=it_dials_in_again_when_the_device_is_detached
call Detach 'sa{sv}' 1-1 0 || fail "$answer"
eventually channels_are 'listening connected'
call Attach 'ssa{sv}' 1-1 vm1 0 || fail "$answer"
expect_log 'session 2 to guest .vm1.'
eventually device_is redirected
pass

name=it_dials_in_to_the_next_daemon
daemon_stop
[ ! -e "$socket" ] || fail "the socket is still there"
daemon_ready --no-sandbox
eventually device_is redirected
pass

name=a_device_waits_for_a_guest_that_is_gone
stop_qemu
eventually channels_are listening
start_qemu qemu-xhci 1 "socket,path=$socket,server=off,reconnect=1"
eventually channels_are 'listening occupied 1-1'
boots
stop_qemu
daemon_stop
pass

name=systemds_sockets_are_those_of_the_guests_they_are_named_after
port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
guest_file "Channel=listen:systemd"
with_sockets "vm1=$port" other=0
daemon_ready --no-sandbox
expect_log 'usbredird-listen@other\.socket is of no use: write Channel=listen:systemd in the file of guest .other.'
eventually channels_are listening
start_qemu qemu-xhci 1 "socket,host=127.0.0.1,port=$port,server=off,reconnect=1"
boots
eventually channels_are 'listening occupied 1-1'
pass

name=they_are_there_again_after_a_reload
guest_file "Channel=listen:unix:$socket"
call Reload || fail "$answer"
eventually channels_are 'listening occupied 1-1'
guest_file "Channel=listen:systemd"
call Reload || fail "$answer"
call Detach 'sa{sv}' 1-1 0 || fail "$answer"
eventually channels_are 'listening connected'
stop_qemu
daemon_stop
pass

name=a_guest_without_its_socket_is_told_so
as=(env)
daemon_ready --no-sandbox
eventually channels_are unbound
expect_log 'cannot listen at systemd: .*systemctl enable --now usbredird-listen@GUEST\.socket'
daemon_stop
pass
finish
