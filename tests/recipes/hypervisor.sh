# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

disk win10
disk build
daemon_start
for block in win10 build rules; do
    file "hypervisor/$block"
done
start hypervisor/qemu-win10
start hypervisor/qemu-build
run hypervisor/reload
is "the guests are known" 'build win10' "$(usbredirctl guests --no-legend | awk '{ print $1 }' | sort | xargs)"

plug stick 1-1 serial=S1
# As one behind a hub in the first socket has it.
plug stick 1-6 serial=S2 ID_PATH=pci-0000:00:14.0-usb-0:1.2
plug stick 1-4 serial=FW1
plug stick 2-4 serial=FW2
plug stick 1-3 serial=S3
plug stick 1-5 serial=S5
has_device 1-1 redirected win10
has_device 1-6 redirected win10
has_device 1-4 redirected build
has_device 2-4 waiting build
has_device 1-3 idle -
has_device 1-5 idle -
before=("${world_env[@]}")
run hypervisor/path
before=()
is "the path is that of a PCI card and a port" 1 "$(grep -c '^pci-.*-usb-0:1$' <<<"$out")"
monitor win10 system_reset >/dev/null
monitor build system_reset >/dev/null
guest_uses 1-1 1-6 1-4
usbredirctl detach 1-6
run hypervisor/attach
exits "not to a third" 3 usbredirctl attach 1-3 desktop
exits "nor the first socket's to the second machine" 4 usbredirctl attach 1-1 build
facts_end
