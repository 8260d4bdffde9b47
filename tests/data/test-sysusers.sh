#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's user can be made, and is the one that the units name.
set -eu

if ! command -v systemd-sysusers >/dev/null; then
    echo "systemd-sysusers is missing"
    exit 77
fi

data=$top_srcdir/data
user=$(sed -n 's/^u \([^ ]*\) .*/\1/p' "$data/sysusers.d/usbredir.conf")

systemd-sysusers --dry-run - <"$data/sysusers.d/usbredir.conf"
grep -qx "User=$user" "$data/systemd/usbredird.service.in"
grep -qx "SocketUser=$user" "$data/systemd/usbredir-session.socket"
echo "the units run as $user"
