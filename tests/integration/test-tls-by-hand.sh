#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredir-session --tls=…, without a daemon, to and from openssl's own client and server. Exits 77
# without openssl.
set -u

build=${top_builddir:-.}
work=$(mktemp -d) || exit 99
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$work"' EXIT
passed=0

command -v openssl >/dev/null || { echo "openssl is missing"; exit 77; }

fail() {
    echo "FAIL: $*"
    tail -n 20 "$work"/*.log
    exit 1
}

# soon COMMAND...: succeeds, within 10 seconds.
soon() {
    local end=$((SECONDS + 10))

    until "$@" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || fail "in vain: $*"
        read -r -t 0.05 <> <(:)
    done
}

session() {
    LD_LIBRARY_PATH=$build/tests/fake-libusb timeout 20 "$build/usbredir-session" --device=fd:3 \
        "$@" "${user[@]}" 3</dev/null >"$work/session.log" 2>&1
}
user=()
[ "$(id -u)" -ne 0 ] || user=(--user=nobody)

# It says how it is encrypted, and ends when its guest hangs up.
encrypted() {
    grep -q "encrypted by TLSv1.3" "$work/session.log" || fail "$1"
    passed=$((passed + 1))
    echo "ok $passed - $1"
}

# A client that leaves when it has had our hello.
guest_dials() {
    soon test -S "$work/socket"
    openssl s_client -unix "$work/socket" -quiet -no_ign_eof "$@" < <(
        soon grep -q 'encrypted by\|no encrypted' "$work/session.log"
    ) >"$work/guest.log" 2>&1
}

guest_listens() {
    openssl s_server -unix "$work/socket" -unlink -naccept 1 -quiet "$@" < <(
        soon grep -q 'encrypted by\|no encrypted' "$work/session.log"
    ) >"$work/guest.log" 2>&1
}

key=00112233445566778899aabbccddeeff
echo "me:$key" >"$work/keys.psk"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=CA -days 1 \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>"$work/openssl.log" || fail "no CA"
for name in host guest; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
        -addext "subjectAltName=DNS:$name" -keyout "$work/$name.key" -out "$work/$name.csr" \
        2>>"$work/openssl.log" || fail "no request"
    openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
        -CAcreateserial -copy_extensions copy -days 1 -out "$work/$name.pem" \
        2>>"$work/openssl.log" || fail "no certificate"
done
certificates=ca=$work/ca.pem,cert=$work/host.pem,key=$work/host.key,peer=guest
of_guest=(-cert "$work/guest.pem" -key "$work/guest.key" -CAfile "$work/ca.pem")

# talks WHAT SIDE TLS GUEST...: the session with that --tls=, the guest with these options.
talks() {
    local what=$1 side=$2 tls=$3

    shift 3
    : >"$work/session.log"
    rm -f "$work/socket"
    if [ "$side" = --listen ]; then
        guest_dials "$@" &
        peer=$!
    else
        guest_listens "$@" &
        peer=$!
        soon test -S "$work/socket"
    fi
    session "$side=unix:$work/socket" "--tls=$tls"
    wait "$peer"
    peer=
    encrypted "$what"
}

talks "to a guest with a key" --to "psk=$work/keys.psk,identity=me" \
    -nocert -psk "$key" -psk_identity me
talks "to a guest with a certificate" --to "$certificates" "${of_guest[@]}" -Verify 1
talks "from a guest with a key" --listen "psk=$work/keys.psk,identity=me" \
    -psk "$key" -psk_identity me
talks "from a guest with a certificate" --listen "$certificates" \
    "${of_guest[@]}" -verify_return_error -verify_hostname host
