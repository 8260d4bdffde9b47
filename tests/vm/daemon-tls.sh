# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that talk TLS: a key that systemd passes to the daemon, and kTLS. To be sourced by bash, after
# daemon.sh.
# shellcheck shell=bash disable=SC2016,SC2154

psk=qemu:00112233445566778899aabbccddeeff

# The guest's channel that is encrypted.
keys_make() {
    mkdir "$directory/keys" && echo "$psk" >"$directory/keys/keys.psk" || return 1
    guest_machine+=(-object "tls-creds-psk,id=keys,endpoint=server,dir=$directory/keys")
    channel_bus[keys]=xhci
    channel_options[keys]=,tls-creds=keys
}

# The unit test of what goes through TLS, for a kernel that has the module.
ktls_test_make() {
    local test=tests/unit/test-session-tls-data

    program_build "$cache" && make -C "$cache/program" "$test" && root_add "$directory/share/ktls" \
        "$cache/program/$test" test
}

# A guest that speaks clear text is told from one with TLS by whoever has the key, and by nobody else.
keys_are_passed() {
    local drop_in=/etc/systemd/system/usbredird.service.d

    host "mkdir -p /etc/usbredir/tls $drop_in && cd /etc/usbredir && umask 077 &&
        echo $psk >tls/keys.psk && umask 022 &&
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

# tls_stat NAME: a count of the kernel's.
tls_stat() {
    host "sed -n 's/^$1[^0-9]*//p' /proc/net/tls_stat"
}

# What is sent, where an admin has loaded the module; the guest is QEMU with GnuTLS.
kernel_encrypts() {
    host "mkdir /etc/usbredir/tls && (umask 077 && echo $psk >/etc/usbredir/tls/keys.psk) &&
        guest_file tls ${address[keys]} &&
        printf '%s\n' '[TLS]' PSKFile=/etc/usbredir/tls/keys.psk KTLS=yes >>/etc/usbredir/guests.d/tls.conf &&
        usbredirctl reload && mark"
    exits "without the module, the session encrypts, and says so" 0 \
        host 'usbredirctl attach --wait 46f4:0001:high tls && said "no kTLS: the module tls is not loaded"'
    guest_has high
    exits "it can be detached" 0 host 'usbredirctl detach 46f4:0001:high'
    guest_has_not high

    exits "the module can be loaded" 0 host 'modprobe tls'
    exits "the unit test of data through TLS passes" 0 \
        host 'cd /share/ktls && TEST_KTLS=1 LD_LIBRARY_PATH=$(find . -name "libcmocka*" -printf %h) usr/bin/test'
    exits "with it, the kernel encrypts" 0 \
        host 'mark && usbredirctl attach --wait 46f4:0001:high tls && said ", by the kernel"'
    is "what the kernel encrypts" 1 "$(tls_stat TlsCurrTxSw)"
    is "what the kernel decrypts" 0 "$(tls_stat TlsCurrRxSw)"
    guest_has high
    guest_reads_all high
    exits "the guest writes 8 MiB" 0 guest 'write_data high'
    exits "it can be detached" 0 host 'usbredirctl detach 46f4:0001:high'
    guest_has_not high
    is_returned high
    is "the host reads what the guest wrote" "$(guest 'sum /tmp/data')" "$(host 'sum_data high')"
    is "the kernel has no session's keys any more" 0 "$(tls_stat TlsCurrTxSw)"
    host 'rm -r /etc/usbredir/guests.d/tls.conf /etc/usbredir/tls && usbredirctl reload'
}
