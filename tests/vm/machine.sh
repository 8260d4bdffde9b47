# SPDX-License-Identifier: LGPL-2.1-or-later
# Virtual machines, to be sourced by bash. Each has two pairs of pipes: a shell, served by "init"
# inside, and QEMU's monitor. Needs $directory, a scratch folder, with the image.
# shellcheck shell=bash disable=SC2154

declare -A machine_pid

# More than what waits in "init", and enough to boot on two busy processors.
answer_deadline=120

# The processor's own clock may go several times too fast: it is measured at boot, while others use
# the machine.
kernel_options='console=ttyS0 loglevel=5 panic=-1 mitigations=off no_timer_check clocksource=hpet'

# machine_start NAME QEMU-ARGUMENTS...
machine_start() {
    local name=$1 pipe answer

    shift
    for pipe in shell monitor; do
        rm -f "$directory/$name-$pipe".{in,out}
        mkfifo "$directory/$name-$pipe".{in,out} || return 1
    done
    qemu-system-x86_64 -name "$name" -M q35,usb=off -accel tcg,thread=multi -cpu max -m 256 \
        -nodefaults -no-user-config -display none -no-reboot \
        -kernel "$directory/vmlinuz" -initrd "$directory/initramfs" \
        -append "$kernel_options" \
        -serial "file:$directory/$name.console" \
        -chardev "pipe,id=shell,path=$directory/$name-shell" -serial chardev:shell \
        -chardev "pipe,id=monitor,path=$directory/$name-monitor" -mon chardev=monitor,mode=control \
        "$@" </dev/null >"$directory/$name.qemu" 2>&1 &
    machine_pid[$name]=$!
    answer_read "$name" monitor '"QMP"' >/dev/null || return 1
    echo '{"execute":"qmp_capabilities"}' 1<>"$directory/$name-monitor.in"
    answer_read "$name" monitor '"return"' >/dev/null
}

# machine_start_systemd NAME QEMU-ARGUMENTS...: one with a disk, which is as new each time.
machine_start_systemd() {
    local name=$1

    shift
    # The last of several options of a kind counts.
    machine_start "$name" -m 512 -initrd "$directory/disk-initramfs" \
        -append "$kernel_options net.ifnames=0 random.trust_cpu=on systemd.show_status=0" \
        -drive "if=virtio,format=raw,snapshot=on,cache=unsafe,file=$directory/disk" \
        -nic user,model=virtio-net-pci -device virtio-rng-pci \
        -virtfs "local,path=$directory/share,mount_tag=share,security_model=none" "$@"
}

# answer_read NAME PIPE PATTERN: prints the lines before one that matches, which is then in $answer.
# A machine that does not answer is ended: nothing waits for it twice.
answer_read() {
    local end=$((SECONDS + answer_deadline)) line=

    # Opened for writing too: otherwise that would wait for a QEMU that has died.
    while kill -0 "${machine_pid[$1]}" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do
        # What it has read when the time is up may be a part of a line.
        IFS= read -t 1 -r answer || { line=$line$answer; continue; }
        answer=$line${answer%$'\r'}
        line=
        [[ ! $answer =~ $3 ]] || return 0
        printf '%s\n' "$answer"
    done <>"$directory/$1-$2.out"
    echo "the $1's $2 does not answer" >&2
    kill "${machine_pid[$1]}" 2>/dev/null
    return 1
}

# machine_wait NAME: until its shell is there.
machine_wait() {
    local answer

    answer_read "$1" shell '^= ready$' >/dev/null
}

# machine_run NAME COMMAND...: in its shell, as root, on one line; prints what that prints, and has
# its exit code.
machine_run() {
    local name=$1 answer

    shift
    printf '%s\n' "${*//$'\n'/ }" 1<>"$directory/$name-shell.in"
    answer_read "$name" shell '^= [0-9]+$' || return 255
    return "${answer#= }"
}

# monitor NAME COMMAND: a line for QEMU's monitor; prints what it says, as JSON.
monitor() {
    monitor_json "$1" human-monitor-command "{\"command-line\":\"$2\"}"
}

# monitor_json NAME COMMAND ARGUMENTS: the same with commands that have no other form.
monitor_json() {
    local answer

    echo "{\"execute\":\"$2\",\"arguments\":$3}" 1<>"$directory/$1-monitor.in"
    answer_read "$1" monitor '"(return|error)":' >/dev/null && printf '%s\n' "$answer"
}

machine_all_run() {
    local name

    for name in "${!machine_pid[@]}"; do
        kill -0 "${machine_pid[$name]}" 2>/dev/null || return 1
    done
}

machine_stop() {
    kill "${machine_pid[$1]}" 2>/dev/null
    wait "${machine_pid[$1]}" 2>/dev/null
    unset "machine_pid[$1]"
}

machine_stop_all() {
    local name

    for name in "${!machine_pid[@]}"; do
        machine_stop "$name"
    done
}
