# SPDX-License-Identifier: LGPL-2.1-or-later
# How fast a stick is, directly and redirected, and what a redirector costs: to be sourced by bash,
# after usb.sh. Speeds are in MB/s, costs in ms of processor time for each MB. A figure measured
# several times is their median, from the least to the most.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

blocks=(4096 65536 262144 1048576)

# By "WHO WAY BLOCK"; how busy the machines' processors are by "WHO MACHINE BLOCK"; idle by WHO.
declare -A speed cost load idle

# By "DEVICE KIND BYTES": how many reads in a second, and what they cost.
declare -A memory_reads memory_cost

# By "WAY BLOCK": packets of one command of a disk, as "FOLLOWS:ANSWER" of speed-wire, whose questions
# have 8 bytes: a packet's headers have 26, the command itself 31, its status 13.
declare -A rounds=()
for block in "${blocks[@]}"; do
    rounds[read $block]="49:26 18:$((block + 26)) 18:39"
    rounds[write $block]="49:26 $((block + 18)):26 18:39"
done

figure() {
    echo "figure: $*"
}

calculate() {
    awk "BEGIN { printf \"%.4g\", $1 }"
}

# median NUMBER...
median() {
    printf '%s\n' "$@" | sort -g | awk '{ n[NR] = $1 } END {
        m = NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2
        printf (NR > 1 ? "%s (%s–%s)" : "%s"), text(m), text(n[1]), text(n[NR]) }
        function text(x) { return sprintf(x < 100 ? "%.3g" : "%.0f", x) }'
}

# median_of NAME KEY: of an array above, without its range.
median_of() {
    local -n values=$1

    # shellcheck disable=SC2086
    median ${values[$2]} | cut -d' ' -f1
}

# ratio NAME KEY KEY
ratio() {
    awk -v a="$(median_of "$1" "$2")" -v b="$(median_of "$1" "$3")" 'BEGIN { printf "%.2f", a / b }'
}

# processor_time: of all threads of what redirects, in ms.
processor_time() {
    host 'cat /proc/$session/task/*/schedstat' | awk '{ ns += $1 } END { printf "%.3f", ns / 1e6 }'
}

# machine_time NAME: what its QEMU has used of this machine, in ms.
machine_time() {
    awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/${machine_pid[$1]}/stat"
}

times() {
    echo "$(processor_time) $(machine_time host) $(machine_time guest)"
}

# measure_directly: in the host.
measure_directly() {
    local way block bytes time

    for block in "${blocks[@]}"; do
        for way in read write; do
            read -r bytes time <<<"$(host "speed-disk $way \$(disk_of super) $block $seconds")"
            speed[directly $way $block]+=" $(calculate "$bytes / $time / 1e6")"
        done
    done
}

# wire_rounds QUESTION...: "ROUNDS SECONDS", with nothing but the connection between them.
wire_rounds() {
    "$directory/root/usr/bin/speed-wire" ask "$channel_host" 9000 "$seconds" "$@" >"$directory/wire" &
    host "speed-wire answer $channel_host 9000" >/dev/null
    wait $!
    cat "$directory/wire"
}

measure_wire() {
    local way block count time

    for block in "${blocks[@]}"; do
        for way in read write; do
            # shellcheck disable=SC2086
            read -r count time <<<"$(wire_rounds ${rounds[$way $block]})"
            speed[wire $way $block]+=" $(calculate "$count * $block / $time / 1e6")"
        done
    done
}

# measure WHO: what redirects now. What it has written is read again, apart from the measuring. Leaves
# in $written how much that was at last.
measure() {
    local way block bytes time before after

    for block in "${blocks[@]}"; do
        for way in read write; do
            read -ra before <<<"$(times)"
            read -r bytes time <<<"$(guest "speed-disk $way \$(disk_of super) $block $seconds")"
            read -ra after <<<"$(times)"
            speed[$1 $way $block]+=" $(calculate "$bytes / $time / 1e6")"
            cost[$1 $way $block]+=" $(calculate "(${after[0]} - ${before[0]}) / $bytes * 1e6")"
            load[$1 host $block]+=" $(calculate "(${after[1]} - ${before[1]}) / $time / 10")"
            load[$1 guest $block]+=" $(calculate "(${after[2]} - ${before[2]}) / $time / 10")"
            [ "$way" = read ] ||
                is "$1: what was written in blocks of $block is there" 0 \
                    "$(guest "speed-disk verify \$(disk_of super) $block $bytes")"
        done
    done
    written=$bytes
}

# idle_measure WHO: the stick is redirected, and nobody uses it. In percent.
idle_measure() {
    local before

    before=$(processor_time)
    sleep 10
    idle[$1]=$(calculate "($(processor_time) - $before) / 10000 * 100")
}

# trace WAY BLOCK: what the session does meanwhile, by the kernel's tracer.
trace() {
    guest "speed-disk $1 \$(disk_of super) $2 3 >/tmp/disk & reader=\$!"
    host 'cd /sys/kernel/tracing && echo mono >trace_clock && echo 8192 >buffer_size_kb &&
        echo $session >set_event_pid && echo 1 >events/raw_syscalls/enable && echo >trace &&
        sleep 1 && echo 0 >events/raw_syscalls/enable && cat trace; cd /' >"$directory/trace"
    guest 'exit_code $reader' >/dev/null
}

# memory_measure DEVICE: reads by usbfs alone, in the host.
memory_measure() {
    local bytes kind turn count time used

    for bytes in 65536 1048576; do
        for _ in 1 2 3; do
            for kind in malloc mapped; do
                read -r count time used <<<"$(host "speed-memory \$(node_of $1) $kind $bytes 0.5")"
                memory_reads[$1 $kind $bytes]+=" $(calculate "$count / $time")"
                memory_cost[$1 $kind $bytes]+=" $(calculate "$used * 1000 / ($count * $bytes / 1e6)")"
            done
        done
    done
}

figures() {
    local way block who

    for way in read write; do
        for block in "${blocks[@]}"; do
            for who in directly wire; do
                figure "$way $block, $who: ${speed[$who $way $block]# } MB/s"
            done
            for who in ours usbredirect; do
                # shellcheck disable=SC2086
                figure "$way $block, $who: $(median ${speed[$who $way $block]}) MB/s," \
                    "$(median ${cost[$who $way $block]}) ms of processor for each MB"
            done
        done
    done
    figure "idle, ours: ${idle[ours]} %, usbredirect: ${idle[usbredirect]} % of a processor"
}

# table_row TITLE FUNCTION ARGUMENT...: a cell for each block, by the function with it behind.
table_row() {
    local title=$1 block

    shift
    printf '| %s |' "$title"
    for block in "${blocks[@]}"; do
        printf ' %s |' "$("$@" "$block")"
    done
    echo
}

# cell NAME KEY... BLOCK: of an array above.
cell() {
    local -n array=$1

    shift
    # shellcheck disable=SC2086
    median ${array[$*]}
}

# cell_ratio NAME WHO WHO WAY BLOCK
cell_ratio() {
    ratio "$1" "$2 $4 $5" "$3 $4 $5"
}

table_head() {
    printf '\n| %s | 4 KiB | 64 KiB | 256 KiB | 1 MiB |\n|---|---|---|---|---|\n' "$1"
}

table_of_sticks() {
    local way

    for way in read write; do
        table_head "$way, MB/s"
        table_row "the stick itself, in the host" cell speed directly $way
        table_row "the connection alone" cell speed wire $way
        table_row usbredir-session cell speed ours $way
        table_row usbredirect cell speed usbredirect $way
        table_row "usbredir-session : usbredirect" cell_ratio speed ours usbredirect $way
        table_row "usbredir-session : the connection" cell_ratio speed ours wire $way
    done
    for way in read write; do
        table_head "$way, ms of processor for each MB"
        table_row usbredir-session cell cost ours $way
        table_row usbredirect cell cost usbredirect $way
        table_row "usbredir-session : usbredirect" cell_ratio cost ours usbredirect $way
    done
    printf '\n%s\n' "With the stick redirected and idle, for 10 s: usbredir-session uses ${idle[ours]} % of a processor,
usbredirect ${idle[usbredirect]} %."
}

table_of_parts() {
    printf '\n## Where the time goes, reading\n'
    table_head "busy, % of one processor"
    table_row "the host's QEMU, with usbredir-session" cell load ours host
    table_row "the guest's QEMU, with it" cell load ours guest
    table_row "the host's QEMU, with usbredirect" cell load usbredirect host
    table_row "the guest's QEMU, with it" cell load usbredirect guest
    printf '\n%s\n%s\n' \
        '| usbredir-session, by its system calls: block | waits for the guest | receives, sends | waits for the stick | usbfs | the rest |' \
        '|---|---|---|---|---|---|'
    cat "$directory/parts"
}

table_of_memory() {
    local device bytes

    printf '\n## Buffers that are mapped from usbfs\n\n%s\n%s\n' \
        '| | bytes | copied: reads/s | mapped: reads/s | copied: ms for each MB | mapped: ms for each MB |' \
        '|---|---|---|---|---|---|'
    for device in super zero; do
        for bytes in 65536 1048576; do
            printf '| %s | %s | %s | %s | %s | %s |\n' "$device" $bytes \
                "$(cell memory_reads $device malloc $bytes)" "$(cell memory_reads $device mapped $bytes)" \
                "$(cell memory_cost $device malloc $bytes)" "$(cell memory_cost $device mapped $bytes)"
        done
    done | sed 's/^| super/| usb-storage/; s/^| zero/| Gadget Zero/'
}

speed_tables() {
    printf '%s\n' '## Sticks, redirected' '' \
        "From \`tests/vm/check-speed --full\`, with $(versions); usbredirect $(dpkg-query -W -f '${source:Upstream-Version}' usbredirect)."
    table_of_sticks
    table_of_parts
    table_of_memory
}
