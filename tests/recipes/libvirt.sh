# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

libvirt_start() {
    libvirtd >"$directory/libvirtd.log" 2>&1 </dev/null &
    libvirtd=$!
    pids+=($!)
    soon virsh list >/dev/null 2>&1 || die "libvirtd does not start: $(tail -n 3 "$directory/libvirtd.log")"
}

# Of the domain that runs.
hmp() {
    virsh qemu-monitor-command win10 --hmp "$1"
}

guest_uses_after_reset() {
    has_device "$1" redirected win10
    virsh reset win10 >/dev/null
    guest_uses "$1"
}

# Its own /dev for a domain cannot be made where /dev/kvm is covered.
echo 'namespaces = []' >>/etc/libvirt/qemu.conf
plug stick 1-1
plug reader 1-2 USBREDIR_AUTO=
daemon_start
virtlogd >"$directory/virtlogd.log" 2>&1 </dev/null &
pids+=($!)
soon test -S /run/libvirt/virtlogd-sock
libvirt_start

# Without a disk, and where there is no KVM.
cat >"$directory/win10.xml" <<'END'
<domain type='qemu'>
  <name>win10</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><controller type='usb' model='qemu-xhci' ports='15'/></devices>
</domain>
END
exits "a domain is defined" 0 virsh define "$directory/win10.xml"
exits "it starts" 0 virsh start win10

file libvirt/bind
run libvirt/attach-bind
file libvirt/guest
run libvirt/redirect
guest_uses_after_reset 1-1
run libvirt/validate
is "libvirt listens for QEMU" 1 \
    "$(grep -c -- '-chardev socket,id=charredir0,host=192.0.2.10,port=4000,server=on,wait=off' <<<"$out")"
is "with a usb-redir device behind it" 1 \
    "$(grep -c -- '"driver":"usb-redir","chardev":"charredir0"' <<<"$out")"

run libvirt/virt-xml
is "virt-manager's program makes the same of it" "$(block libvirt/bind | sed 's/4000/4001/' | xargs)" \
    "$(virsh dumpxml --inactive win10 | sed -n "/<redirdev/,/<\/redirdev/p" | grep -v address |
        grep -B1 -A2 4001 | xargs)"

file libvirt/tmpfiles
run libvirt/make-directory
file libvirt/unix
run libvirt/attach-unix
file libvirt/unix-guest
usbredirctl reload
guest_uses_after_reset 1-1
is "libvirtd has made the socket" 1 "$(tac /var/log/libvirt/qemu/win10.log | sed '/starting up/q' |
    grep -c -- '-chardev socket,id=charredir2,fd=[0-9]*,server=on')"
virsh dumpxml win10 | /usr/lib/libvirt/virt-aa-helper -c -d -u "libvirt-$(virsh domuuid win10)" \
    >"$directory/profile" 2>&1
is "the profile has rules of this domain" 1 "$(grep -c 'domain-.*win10/monitor.sock" rw' "$directory/profile")"
is "and none for the socket" 0 "$(grep -c /run/vm "$directory/profile")"

# What the rule is for: QEMU makes sockets of devices that are plugged in.
block libvirt/unix | sed s/usb2/usb9/ >"$directory/usb9.xml"
chown root /run/vm
exits "a QEMU that may not write there cannot be given one more" 1 \
    virsh attach-device win10 "$directory/usb9.xml" --live
run libvirt/make-directory
exits "one that may can" 0 virsh attach-device win10 "$directory/usb9.xml" --live
is "QEMU has made that socket" libvirt-qemu "$(stat -c %U /run/vm/win10-usb9.sock)"
file libvirt/apparmor
sed 's/LIBVIRT_TEMPLATE/recipe/' /etc/apparmor.d/libvirt/TEMPLATE.qemu >"$directory/template"
apparmor_parser --skip-kernel-load --skip-cache --debug "$directory/template" >"$directory/parsed" 2>&1
is "the rule is in the profile" 1 "$(grep -c '/run/vm/\*.sock' "$directory/parsed")"

run tls/certtool
run tls/hypervisor
run tls/client
run libvirt/tls-settings
stop "$libvirtd"
libvirt_start
file libvirt/tls
run libvirt/attach-tls
block tls/guest | sed s/4000/4002/ >/etc/usbredir/guests.d/win10.conf
usbredirctl reload
usbredirctl detach --all
usbredirctl attach --wait 1-2 win10
guest_uses_after_reset 1-2
is "over TLS" yes "$(usbredirctl status 1-2 | grep -oP '^ *encrypted:? +\K.*')"

# Why not --live.
block libvirt/tls | sed s/4002/4003/ >"$directory/live.xml"
exits "libvirt gives one to a domain that runs" 0 virsh attach-device win10 "$directory/live.xml" --live
usbredirctl detach 1-2
sed -i s/4002/4003/ /etc/usbredir/guests.d/win10.conf
usbredirctl reload
exits "libvirt has forgotten TLS there; clear text is refused" 1 usbredirctl attach --wait 1-2 win10
is "usbredird says so" 1 "$(grep -c 'speaks no TLS' "$directory/output")"

file libvirt/connect
run libvirt/attach-connect
file libvirt/connect-guest
usbredirctl reload
attach_dialled 1-2
guest_uses_after_reset 1-2
run libvirt/validate
is "libvirt has QEMU connect" 1 "$(grep -c -- \
    '-chardev socket,id=charredir[0-9],host=192.0.2.1,port=4100,reconnect=1,tls-creds=' <<<"$out")"
facts_end
