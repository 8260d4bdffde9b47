# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

# is_encrypted WHAT: attached, and used by the guest.
is_encrypted() {
    run tls/attach
    is "$1: the session is encrypted" yes "$(grep -oP '^ *encrypted:? +\K.*' <<<"$out")"
    monitor win10 system_reset >/dev/null
    guest_uses 1-1
}

# is_refused WHAT: a client that QEMU does not want.
is_refused() {
    exits "$1 is refused" 1 usbredirctl attach --wait 1-1 win10
    sed 's/^/    /' "$directory/output"
}

disk win10
plug stick 1-1
daemon_start
for tool in certtool openssl; do
    rm -rf /var/lib/usbredir-ca
    run "tls/$tool"
    run tls/hypervisor
    run tls/client
    file tls/guest
    start tls/qemu
    soon test -S /run/vm/win10.monitor
    is_encrypted "$tool"
    usbredirctl detach 1-1

    # The server's own certificate is signed by the CA, too, but has another name.
    install -m 644 /var/lib/usbredir-ca/server-cert.pem /etc/usbredir/tls/client-cert.pem
    install -m 600 /var/lib/usbredir-ca/server-key.pem /etc/usbredir/tls/client-key.pem
    is_refused "$tool: another certificate of the CA"
    run tls/client
    chmod 644 /etc/usbredir/tls/client-key.pem
    is_refused "$tool: a key that others may read"
    stop "$pid"
    rm -f /run/vm/win10.monitor
done

file tls/dial-in-guest
run tls/client
usbredirctl reload
start tls/dial-in
attach_dialled 1-1
has_device 1-1 redirected win10
is "QEMU connects: the session is encrypted" yes \
    "$(usbredirctl status 1-1 | grep -oP '^ *encrypted:? +\K.*')"
monitor win10 system_reset >/dev/null
guest_uses 1-1
stop "$pid"
rm -f /run/vm/win10.monitor
usbredirctl detach 1-1

run tls/psk
file tls/psk-guest
start tls/psk-qemu
soon test -S /run/vm/win10.monitor
is_encrypted psktool
facts_end
