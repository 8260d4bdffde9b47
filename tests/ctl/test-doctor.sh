#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredirctl doctor: each thing that can be wrong is found, and what is well is no problem.
. "$(dirname "$0")/bed.sh"

root=$directory/root
sys=$root/sys/module/usbcore/parameters
mkdir -p "$sys" "$root/proc" "$root/usr/lib/udev/rules.d" "$root/etc/udev/rules.d"
echo 16 >"$sys/usbfs_memory_mb"
echo 'root=/dev/sda quiet usbredird.disabled' >"$root/proc/cmdline"
echo '# rules' >"$root/usr/lib/udev/rules.d/60-usbredir.rules"

# finds CODE LINE: doctor ends so, and says that line.
finds() {
	run "$1" doctor --root="$root"
	grep -qxF -- "$2" "$directory/out" || fail "does not say '$2': $(cat "$directory/out")"
}

name=without_a_bus_it_says_what_it_can
finds 1 'problem  daemon   the system bus cannot be reached: systemctl start dbus'
finds 1 'ok       usbfs    usbfs has 16 MiB, shared by 0 sessions'
[ "$(wc -l <"$directory/out")" -eq 3 ] || fail "$(cat "$directory/out")"
pass

start_bus

name=without_a_daemon_it_says_what_it_can
finds 1 'problem  daemon   usbredird is not running: systemctl start usbredird'
finds 1 'ok       usbfs    usbfs has 16 MiB, shared by 0 sessions'
finds 1 'ok       udev     udev has 60-usbredir.rules'
[ "$(wc -l <"$directory/out")" -eq 4 ] || fail "$(cat "$directory/out")"
pass

start_mock

name=finds_all_that_is_wrong
run 1 doctor --root="$root"
same out doctor.txt
run 1 doctor --root="$root" --json
same out doctor.json
pass

name=finds_that_the_kernel_was_told_not_to
echo 'quiet usbredird.disable' >"$root/proc/cmdline"
finds 1 'warning  rules    no rule acts, as the kernel was started with usbredird.disable: boot without it'
pass

name=finds_that_rules_are_paused
echo 'paused yes' >&"$mock_in"
finds 1 'warning  rules    no rule acts: usbredirctl resume'
pass

name=finds_that_usbfs_has_little_memory
echo 4 >"$sys/usbfs_memory_mb"
finds 1 'warning  usbfs    usbfs has 4 MiB, 2 for each of 1 sessions, less than fast devices use: echo 10 > /sys/module/usbcore/parameters/usbfs_memory_mb, and at boot usbcore.usbfs_memory_mb='
echo 0 >"$sys/usbfs_memory_mb"
finds 1 'ok       usbfs    the memory of usbfs has no limit'
rm "$sys/usbfs_memory_mb"
finds 1 'problem  usbfs    the kernel has no USB: modprobe usbcore'
echo 16 >"$sys/usbfs_memory_mb"
pass

name=finds_that_udevs_rules_are_masked
ln -s /dev/null "$root/etc/udev/rules.d/60-usbredir.rules"
finds 1 'warning  udev     udev has no 60-usbredir.rules, or it is masked: smartcard readers are not redirected by themselves; install it, then udevadm trigger'
pass

stop_mock
start_mock --devices 2
echo 'errors 0' >&"$mock_in"
name=what_is_well_is_no_problem
rm "$root/etc/udev/rules.d/60-usbredir.rules"
echo quiet >"$root/proc/cmdline"
printf '%s\n' 'add guest win10 State=idle' 'paused no' >&"$mock_in"
finds 0 'ok       guests   guest win10: idle'
finds 0 'ok       devices  2 devices, each with a rule'
finds 0 'ok       files    all files of the configuration are in force'
! grep -q '^problem' "$directory/out" || fail "$(cat "$directory/out")"
pass

finish
