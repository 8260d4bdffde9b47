# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

# What the unit does.
tunnel_start() {
    install -d /run/usbredir-tunnel
    (umask 022 && exec bash -c "exec $(sed -n 's/^ExecStart=//p' /etc/systemd/system/usbredir-tunnel.service)") \
        >"$directory/ssh.log" 2>&1 </dev/null &
    tunnel=$!
    pids+=($!)
}

listens() {
    [ -n "$(ss --no-header --listening --tcp --numeric "src = $1")" ]
}

plug stick 1-1
disk win10
daemon_start
install -d /run/sshd
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
/usr/sbin/sshd -D -o PidFile=none -o HostKey=/etc/ssh/ssh_host_ed25519_key \
    -o ListenAddress=192.0.2.10 >"$directory/sshd.log" 2>&1 </dev/null &
pids+=($!)
soon listens 192.0.2.10:22

run ssh/key
is "the key of the hypervisor is known" "$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)" \
    "$(grep -o 'SHA256:[^ ]*' <<<"$out")"
run ssh/user
start ssh/qemu
file ssh/unit
run ssh/verify
tunnel_start
soon test -S /run/usbredir-tunnel/win10.sock
is "the socket is root's alone" 'root 600' "$(stat -c '%U %a' /run/usbredir-tunnel/win10.sock)"
file ssh/guest
run ssh/attach
monitor win10 system_reset >/dev/null
guest_uses 1-1

is "that user has no shell" 1 "$(ssh -i /etc/usbredir-tunnel/key -o BatchMode=yes \
    -o UserKnownHostsFile=/etc/usbredir-tunnel/known_hosts usbredir-tunnel@hypervisor.example id \
    2>&1 | grep -c 'not available')"
ssh -N -i /etc/usbredir-tunnel/key -o BatchMode=yes -o UserKnownHostsFile=/etc/usbredir-tunnel/known_hosts \
    -o ExitOnForwardFailure=yes -W 192.0.2.10:22 usbredir-tunnel@hypervisor.example \
    >"$directory/output" 2>&1 </dev/null
is "nor another port" 1 "$(grep -c 'administratively prohibited' "$directory/output")"

# It comes back, as the unit's Restart= has it.
stop "$tunnel"
has_device 1-1 waiting win10
tunnel_start
has_device 1-1 redirected win10
stop "$pid"
has_device 1-1 waiting win10
is "a tunnel that leads nowhere is told as such" unreachable \
    "$(usbredirctl guests --no-legend | awk '{ print $2 }')"
facts_end
