# SPDX-License-Identifier: LGPL-2.1-or-later
# A microphone of test code in the host, recorded there and, redirected, in the guest: to be sourced by
# bash, after usb.sh.
#
# What the microphone has sent must be heard, but for what QEMU's usb-redir drops, which has room for
# 120 ms, when the guest's emulated processor stops for longer: it says so each time, and that is one
# gap. What the microphone has missed, nobody asked for in time: the host's processor stops as well.
# It is printed next to what is missed without a redirection, and must be less than half.
# shellcheck shell=bash disable=SC2016,SC2154

# By "KIND PLACE"; a place is "directly" or a bus of the guest.
declare -A microphone_result

microphone_seconds=5

# microphone_plug KIND: of microphone.c.
microphone_plug() {
    host "microphone $1 >/tmp/microphone 2>&1 & microphone=\$!; soon port_of mic" >/dev/null ||
        die "no microphone"
}

microphone_unplug() {
    host 'echo 0 >/sys/devices/platform/vhci_hcd.0/detach; exit_code $microphone' >/dev/null
}

overflows() {
    grep -c 'bufpq overflow' "$directory/guest.qemu"
}

# record KIND PLACE MACHINE: sets frames, gaps, lost, sent and missed.
record() {
    local node=/dev/snd/pcmC0D0c

    read -r frames _ gaps _ _ lost _ <<<"$("$3" "soon test -e $node
        && listen $node $microphone_seconds")"
    read -r sent _ missed _ <<<"$(host 'soon test -s /tmp/microphone && cat /tmp/microphone')"
    host ': >/tmp/microphone'
    microphone_result[$1 $2]="$sent packets, $missed missed; $gaps gaps, of $lost frames"
    echo "    $1, $2: ${microphone_result[$1 $2]}"
}

# is_heard KIND BUS
is_heard() {
    local frames=0 gaps=0 lost=0 sent=0 missed=0 told

    redirect mic "$2" || return
    told=$(overflows)
    record "$1" "$2" guest
    told=$(($(overflows) - told))
    is "microphone, $1, $2: it is heard" $((48000 * microphone_seconds)) "$frames"
    # UHCI, which has what is of full speed for EHCI, has gaps of its own then, with usbredirect as well.
    if [ "$1 $2" = 'full ehci' ]; then
        echo "known: microphone, $1, $2: $gaps gaps, of which usb-redir tells $told"
    else
        is "microphone, $1, $2: gaps of which usb-redir does not tell" 0 \
            $((gaps > told ? gaps - told : 0))
    fi
    # It asks eight times as often: emulated machines are not as fast, not even without redirection.
    if [ "$1" != fast ]; then
        is "microphone, $1, $2: the session drops nothing" 0 "$(host 'grep -c dropped /tmp/session')"
        is "microphone, $1, $2: most packets are asked for in time" 1 $((missed < sent))
    fi
    return_to_host mic
}

# microphone_all KIND BUS...
microphone_all() {
    local kind=$1 bus frames gaps lost sent missed

    shift
    microphone_plug "$kind"
    record "$kind" directly host
    for bus; do
        is_heard "$kind" "$bus"
    done
    microphone_unplug
}

microphone_table() {
    local kind place

    printf '\n%s\n\n%s\n%s\n' "## A microphone, isochronous in, $microphone_seconds seconds" \
        '| | directly | xHCI | NEC xHCI | EHCI |' '|---|---|---|---|---|'
    for kind in full high fast; do
        printf '| %s |' "$kind"
        for place in directly xhci nec ehci; do
            printf ' %s |' "${microphone_result[$kind $place]-}"
        done
        echo
    done
    printf '\n%s\n' "\`full\`: full speed, \`high\`: high speed, each millisecond; \`fast\`: high speed, each 125 µs.
Missed: nobody asked for it in time. Gaps: what was lost behind that, most of it in QEMU's buffer of
120 ms. Both machines are emulated, on processors that others used too: compare with \"directly\" only."
}
