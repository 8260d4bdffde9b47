# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest's key that systemd passes to the daemon: to be sourced by bash, after daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# A guest that speaks clear text is told from one with TLS by whoever has the key, and by nobody else.
keys_are_passed() {
    local drop_in=/etc/systemd/system/usbredird.service.d

    host "mkdir -p /etc/usbredir/tls $drop_in && cd /etc/usbredir && umask 077 &&
        echo qemu:00112233445566778899aabbccddeeff >tls/keys.psk && umask 022 &&
        guest_file tls tcp:127.0.0.1:4999 &&
        printf '%s\n' '[TLS]' PSKFile=credential:tls.psk >>guests.d/tls.conf &&
        usbredirctl reload"
    exits "without its credential a guest is not served, and the answer says what to write" 0 \
        host 'attach_to_tls | grep "LoadCredential=tls.psk:/PATH"'
    host "printf '%s\n' '[Service]' LoadCredential=tls.psk:/etc/usbredir/tls/keys.psk >$drop_in/keys.conf &&
        systemctl daemon-reload && systemctl restart usbredird"
    exits "with it, its session talks TLS" 0 host 'attach_to_tls | grep "the guest speaks no TLS"'
    host "rm -r /etc/usbredir/guests.d/tls.conf /etc/usbredir/tls $drop_in &&
        systemctl daemon-reload && systemctl restart usbredird"
}
