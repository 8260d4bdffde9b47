# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine of its own for a recipe of docs/recipes.md, to be sourced by bash, in namespaces that
# "check" makes: its own /etc, /usr, /var and /run over those of this machine, with what "make install"
# installs; its own network, with the recipes' addresses; a system bus; emulated USB devices. So what
# is written in a recipe is run as it is written. Needs $build, the build tree, and $scratch, which has
# root/, what was installed, and used/, where the blocks that were run are noted.
#
#   file BLOCK            the block of the document that begins with "LANGUAGE BLOCK PATH", there
#   run BLOCK             the commands of a block, one after the other, until one fails, behind what is
#                         in the array "before"; $out is what they print
#   start BLOCK           the block's command, in the background; $pid
#   daemon_start          usbredird, as its unit has it: its user, its capability
#   plug KIND PORT [...]  a USB device, as emulated-usb --help says
#   has_device PORT STATE GUEST
#                         the daemon says so before long; STATE is of the device, or of its session
#   guest_uses PORT...    the virtual machine does, at last after "monitor NAME system_reset"
#   monitor NAME COMMAND  QEMU's; disk NAME: an empty one for it; stop PID
# shellcheck shell=bash disable=SC2034,SC2154
set -u

source=${top_srcdir:?}
top_builddir=${build:?}
deadline=60
directory=$scratch/${recipe:?}
log=$directory/usbredird.log
pids=()
before=()
LC_ALL=C.UTF-8
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH TMPDIR=$directory/tmp
unset NO_COLOR COLUMNS JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES \
    DBUS_SYSTEM_BUS_ADDRESS XDG_RUNTIME_DIR

# shellcheck source=../emulated/world.sh
. "$source/tests/emulated/world.sh"
# shellcheck source=../vm/facts.sh
. "$source/tests/vm/facts.sh"

# Of facts.sh: what is to be alive, and what helps when a fact is not so.
machine_all_run() {
    [ -z "${daemon-}" ] || kill -0 "$daemon"
}

explain() {
    tail -n 8 "$log" 2>/dev/null | sed 's/^/    usbredird: /'
}

# layer DIRECTORY [INSTALLED]: what is changed there is gone with the namespace.
layer() {
    mkdir -p "$directory/layers/$1/new" "$directory/layers/$1/work" &&
        mount -t overlay recipe "/$1" -o \
            "lowerdir=${2:+$2:}/$1,upperdir=$directory/layers/$1/new,workdir=$directory/layers/$1/work"
}

# The same on all machines. libvirt looks at KVM again each time, as long as it may be written to.
without_kvm() {
    [ ! -e /dev/kvm ] || { : >"$directory/no-kvm" && mount --bind "$directory/no-kvm" /dev/kvm &&
        mount -o remount,bind,ro /dev/kvm; }
}

system_start() {
    mkdir -p "$directory" && mount -t tmpfs recipe "$directory" && chmod 755 "$directory" &&
        mkdir -m 1777 "$directory/tmp" && : >"$log" &&
        layer usr "$scratch/root/usr" && layer etc && layer var &&
        mount -t tmpfs -o mode=755 recipe /run && mkdir -p /run/dbus /run/vm /var/lib/vm &&
        without_kvm &&
        ip link set lo up && ip address add 192.0.2.1/32 dev lo &&
        ip address add 192.0.2.10/32 dev lo || return 1
    printf '127.0.0.1 localhost\n192.0.2.1 client.example\n192.0.2.10 hypervisor.example\n' >/etc/hosts
    hostname hypervisor.example && : >/etc/resolv.conf || return 1
    rm -rf /etc/usbredir
    mkdir -p /etc/usbredir/guests.d /etc/usbredir/filters.d
    umask 022
    systemd-sysusers usbredir.conf && install -d -o usbredir /run/usbredird || return 1
    # The sessions are not root either.
    umask 0
    world_start && chmod 755 "$world_root" || return 1
    umask 022
    bus_start
}

bus_start() {
    local address

    mkfifo "$directory/bus-address" || return 1
    dbus-daemon --system --nofork --nopidfile --print-address=1 \
        >"$directory/bus-address" 2>"$directory/bus.log" </dev/null &
    pids+=($!)
    read -r -t "$deadline" address <"$directory/bus-address"
}

stop() {
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

cleanup() {
    local one

    [ -z "${daemon-}" ] || stop "$daemon"
    for one in "${pids[@]}"; do
        stop "$one"
    done
    world_stop
}

# block NAME: its text.
block() {
    : >>"$scratch/used/${1//\//:}"
    awk -v name="$1" '/^```/ { if (inside) exit; inside = $2 == name; found = found || inside; next }
        inside
        END { exit !found }' "$source/docs/recipes.md" || die "no block $1"
}

file() {
    local path

    path=$(awk -v name="$1" '/^```/ && $2 == name { print $3 }' "$source/docs/recipes.md")
    [[ $path == /* ]] || die "block $1 is no file"
    mkdir -p "${path%/*}"
    block "$1" >"$path"
}

run() {
    local code

    block "$1" >"$directory/commands"
    (cd "$directory" && "${before[@]}" bash -eu commands) >"$directory/output" 2>&1 </dev/null
    code=$?
    out=$(cat "$directory/output")
    is "$1" 0 "$code" || { sed 's/^/    /' "$directory/output"; return 1; }
}

start() {
    (cd "$directory" && exec bash -c "exec $(block "$1")") >"$directory/start.log" 2>&1 </dev/null &
    pid=$!
    pids+=("$pid")
}

# soon COMMAND...: it is so before long.
soon() {
    local end=$((SECONDS + deadline))

    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

daemon_start() {
    "${world_env[@]}" setpriv --reuid=usbredir --regid=usbredir --clear-groups \
        --bounding-set=-all,+dac_override --inh-caps=-all,+dac_override \
        --ambient-caps=-all,+dac_override --no-new-privs \
        usbredird --no-sandbox >>"$log" 2>&1 </dev/null &
    daemon=$!
    soon usbredirctl status >/dev/null 2>&1 || die "usbredird does not start"
}

plug() {
    world_do "plug $*" || die "nothing can be plugged in"
}

is_listed() {
    usbredirctl list --no-legend | grep -q "^$1 .* $2  *$3 "
}

has_device() {
    soon is_listed "$@"
    is "$1 is $2${3:+, $3}" 0 $?
}

# attach_dialled PORT: by hand, once win10 has dialled in.
attach_dialled() {
    soon usbredirctl attach "$1" win10 >/dev/null 2>&1
    is "win10 has dialled in, and takes $1" 0 $?
}

is_forwarded() {
    usbredirctl sessions --no-legend | grep -q " $1 .*forwarding"
}

# guest_uses PORT...: the virtual machine's firmware, which looks at its devices when it is reset.
guest_uses() {
    local port

    for port; do
        soon is_forwarded "$port"
        is "the guest asks $port" 0 $?
    done
}

# monitor NAME COMMAND: of QEMU.
monitor() {
    socat -t 1 - "unix-connect:/run/vm/$1.monitor" <<<"$2"
}

# disk NAME: an empty one; its virtual machine stays in the firmware.
disk() {
    qemu-img create -q -f qcow2 "/var/lib/vm/$1.qcow2" 1G || die "no disk"
}

trap cleanup EXIT
system_start >"$scratch/$recipe.start" 2>&1 || die "no namespaces: $(cat "$scratch/$recipe.start")"
