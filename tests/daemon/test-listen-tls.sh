#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real QEMU that dials in with TLS, by a key that the daemon has as a credential.
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

port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
chardev=socket,host=127.0.0.1,port=$port,server=off,reconnect=1
credentials=$directory/credentials
mkdir "$credentials" "$directory/qemu"
echo vm1:00112233445566778899aabbccddeeff >"$directory/qemu/keys.psk"
as=(env CREDENTIALS_DIRECTORY="$credentials")

echo '-1,-1,-1,-1,1 guest=vm1' >"$config/filters.d/10-mine.rules"
printf '%s\n' '[Guest]' "Channel=listen:tcp:127.0.0.1:$port" '[Reconnect]' MaxDelaySec=1 '[TLS]' \
    PSKFile=credential:vm1.psk PSKIdentity=vm1 >"$config/guests.d/vm1.conf"

# property OBJECT INTERFACE NAME
property() {
    busctl get-property org.usbredir1 "$bus_root/$1" "org.usbredir1.$2" "$3"
}

# device_said WORDS: the last thing that went wrong with it.
device_said() {
    [[ $(property devices/_31_2d1 Device LastError) == *"$1"* ]]
}

name=without_its_credential_a_guest_is_told_what_to_write
world_do 'plug stick 1-1 serial=S1' || fail "$world_answer"
daemon_ready --no-sandbox
start_qemu qemu-xhci 1 "$chardev"
eventually device_said 'LoadCredential=vm1.psk:/PATH below [Service]'
pass

name=one_that_speaks_clear_text_is_not_served
install -m 400 "$directory/qemu/keys.psk" "$credentials/vm1.psk"
eventually device_said 'the guest speaks no TLS: give its chardev tls-creds='
stop_qemu
pass

name=one_that_knows_the_key_boots_from_the_stick
qemu_options=(-object "tls-creds-psk,id=tls,endpoint=client,username=vm1,dir=$directory/qemu")
start_qemu qemu-xhci 1 "$chardev,tls-creds=tls"
wait_for_boot_line "$daemon" || fail "no boot line"
[ "$(property guests/vm1 Guest Exposed)" = "b false" ] || fail "it counts as clear text"
session=$(property devices/_31_2d1 Device Session)
session=${session##*/}
[ "$(property "sessions/${session%\"}" Session Encrypted)" = "b true" ] ||
    fail "the session is clear text"
stop_qemu
daemon_stop
pass
finish
