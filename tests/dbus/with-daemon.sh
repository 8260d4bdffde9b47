#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# with-daemon.sh COMMAND...: runs it with a private system bus, on which fake-daemon answers. Anybody
# may connect to that bus.
set -eu

for tool in dbus-daemon busctl; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 77; }
done

daemon=${top_builddir:-.}/tests/dbus/fake-daemon
directory=$(mktemp -d)
bus_pid= daemon_pid=
cleanup() {
    [ -z "$daemon_pid" ] || { kill "$daemon_pid" && wait "$daemon_pid" || true; }
    [ -z "$bus_pid" ] || { kill "$bus_pid" && wait "$bus_pid" || true; }
    rm -rf "$directory"
}
trap cleanup EXIT
chmod 755 "$directory"

cat >"$directory/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=$directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
END

# What each prints when it is ready is waited for: "read" from a pipe of its own. In a common one
# the second reader would see the first writer close it.
mkfifo "$directory/address" "$directory/ready"
dbus-daemon --config-file="$directory/bus.conf" --nofork --nopidfile --print-address=3 \
    3>"$directory/address" &
bus_pid=$!
read -r _ <"$directory/address"
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$directory/bus
export DBUS_SYSTEM_BUS_ADDRESS

"$daemon" >"$directory/ready" &
daemon_pid=$!
read -r _ <"$directory/ready"

"$@"
