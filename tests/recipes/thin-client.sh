# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

plug keyboard 1-1
plug stick 1-2 serial=S2
plug composite 1-3
disk desktop
daemon_start
file thin-client/default
file thin-client/guest
file thin-client/rules
start thin-client/qemu
run thin-client/reload
has_device 1-2 redirected desktop
has_device 1-1 idle -
has_device 1-3 idle -
plug reader 1-4
plug gadget 1-5
plug stick 2-1 serial=S5
has_device 1-4 redirected desktop
has_device 1-5 redirected desktop
has_device 2-1 redirected desktop
plug stick 2-2 serial=S6
has_device 2-2 waiting desktop
world_do 'unplug 1-2'
has_device 2-2 redirected desktop
plug stick 1-2 serial=S2
has_device 1-2 waiting desktop
world_do 'unplug 1-5'
has_device 1-2 redirected desktop
run thin-client/explain
grep -q '60-thin-client.rules:3' <<<"$out"
is "the file and line of the rule are said" 0 $?
monitor desktop system_reset >/dev/null
guest_uses 1-2 1-4 2-1 2-2
facts_end
