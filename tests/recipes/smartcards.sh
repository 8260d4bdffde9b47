# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# shellcheck source=bed.sh
. "$(dirname "$0")/bed.sh"

disk desktop
start smartcards/qemu
daemon_start
file smartcards/guest
file smartcards/default
run smartcards/reload

plug reader 1-2
plug stick 1-1
has_device 1-2 redirected desktop
run smartcards/list
is "the rule of the package has redirected it" 1 "$(grep -c '^1-2 .*50-udev.rules' <<<"$out")"
is_listed 1-1 idle -
is "the stick is left alone" 0 $?
monitor desktop system_reset >/dev/null
guest_uses 1-2

world_do 'unplug 1-2'
plug composite 1-3
has_device 1-3 idle -
file smartcards/token
run smartcards/reload-token
grep -q '10-token.rules:2' <<<"$out"
is "the rule for the token is named" 0 $?
has_device 1-3 redirected desktop
facts_end
