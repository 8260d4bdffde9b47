# SPDX-License-Identifier: LGPL-2.1-or-later
# Where a session's time goes: of a trace of its system calls, as the kernel writes it, a row of a
# table with each part in percent. What it waits for is told by what it did last: it has given a
# transfer to the device, or an answer to the guest. With -v block=BYTES.

BEGIN {
    # Numbers of x86-64, and the requests of usbfs: SUBMITURB, REAPURBNDELAY.
    part[0] = part[19] = part[46] = "network"
    part["8038550a"] = part["4008550d"] = "usbfs"
}

{
    for (at = 1; $at !~ /^[0-9]+\.[0-9]+:$/ && at < NF; at++)
        ;
    time = $at + 0
    call = $(at + 2)
}

function spend(on, duration) {
    spent[on] += duration
    total += duration
}

$(at + 1) == "sys_enter:" {
    number = $(at + 3)
    if (left)
        spend("program", time - left)
    request = $(at + 5)
    sub(",", "", request)
    kind = number == 16 ? part[request] : number == 232 ? "wait" last : number in part ? part[number] : "program"
    if (number == 16 || number == 46)
        last = kind
    entered = time
}

$(at + 1) == "sys_exit:" {
    if (entered)
        spend(kind, time - entered)
    entered = 0
    left = time
}

END {
    printf "| %d | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %.0f %% |\n", block,
        100 * spent["waitnetwork"] / total, 100 * spent["network"] / total, 100 * spent["waitusbfs"] / total,
        100 * spent["usbfs"] / total, 100 * spent["program"] / total
}
