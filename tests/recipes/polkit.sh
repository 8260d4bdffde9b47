# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

# as USER COMMAND...: with the user's groups.
as() {
    local user=$1

    shift
    setpriv --reuid="$user" --regid="$user" --init-groups --inh-caps=-all "$@"
}

plug stick 1-1
plug reader 1-2 USBREDIR_AUTO=
disk win10
daemon_start
file hypervisor/win10
file hypervisor/build
start hypervisor/qemu-win10
start hypervisor/qemu-build
usbredirctl reload
soon test -S /run/vm/win10-usb2.sock
useradd alice
useradd bob
/usr/lib/polkit-1/polkitd >"$directory/polkitd.log" 2>&1 </dev/null &
pids+=($!)
soon busctl status org.freedesktop.PolicyKit1 >/dev/null 2>&1 || die "no polkitd: $(cat "$directory/polkitd.log")"

exits "alice may not yet" 4 as alice usbredirctl --no-ask-password attach 1-1 win10
file polkit/rule
run polkit/group
# polkitd watches its directories.
may_attach() {
    as alice usbredirctl --no-ask-password attach 1-2 win10 >/dev/null 2>&1
}
soon may_attach
before=(as alice)
run polkit/alice
exits "not to another guest" 4 as alice usbredirctl --no-ask-password attach 1-1 build
exits "nor pause all" 4 as alice usbredirctl --no-ask-password pause
exits "bob may not" 4 as bob usbredirctl --no-ask-password attach 1-1 win10
exits "nor take what alice gave" 4 as bob usbredirctl --no-ask-password detach 1-2
exits "bob may look" 0 as bob usbredirctl list
echo '-1,-1,-1,-1,0' >/etc/usbredir/filters.d/10-nothing.rules
usbredirctl reload
exits "the policy denies alice, too" 4 as alice usbredirctl --no-ask-password attach 1-1 win10
facts_end
