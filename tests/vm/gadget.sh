# SPDX-License-Identifier: LGPL-2.1-or-later
# Gadget Zero under usbtest, directly in the host and through the redirection: to be sourced by bash,
# after usb.sh. What passes directly must pass redirected.
# shellcheck shell=bash disable=SC2016,SC2154

# Number and what it does. 27 and 28 cannot check what they read; the last one may cost the guest.
usbtest_cases='
 0 nothing
 1 bulk writes
 2 bulk reads
 3 bulk writes of varying length
 4 bulk reads of varying length
 5 bulk writes, scattered
 6 bulk reads, scattered
 7 bulk writes, scattered, of varying length
 8 bulk reads, scattered, of varying length
 9 standard control requests
10 control requests, queued
11 reads, unlinked
12 writes, unlinked
13 halt, and cleared
14 control writes and reads back
15 isochronous writes
16 isochronous reads
17 bulk writes from odd addresses
18 bulk reads to odd addresses
19 bulk writes from odd addresses, mapped before
20 bulk reads to odd addresses, mapped before
21 control writes from odd addresses
22 isochronous writes from odd addresses
23 isochronous reads to odd addresses
25 interrupt writes
26 interrupt reads
29 toggle cleared between bulk writes
27 bulk writes, queued
28 bulk reads, queued
24 two of a full queue unlinked'

# How often, bytes, by how much their number varies, how many at once. Whole packets at each speed.
usbtest_parameters='20 2048 1024 32'

# By "SPEED PLACE CASE"; a place is "directly" or a bus of the guest.
declare -A usbtest_result

# plug_gadget SPEED PATTERN
plug_gadget() {
    usbtest_pattern=$2
    { host "gadget_plug $1 $2" && guest "usbtest_pattern $2"; } || die "no gadget"
}

# run_directly SPEED CASE...: dummy_hcd has no isochronous transfers, Gadget Zero no interrupt endpoints.
run_directly() {
    local speed=$1 number result wanted

    shift
    for number; do
        result=$(host "usbtest $number $usbtest_parameters")
        usbtest_result[$speed directly $number]=$result
        case $number in
            15 | 16 | 22 | 23 | 25 | 26) wanted='not possible' ;;
            *) wanted=passes ;;
        esac
        is "$speed, directly, case $number: $(case_name "$number")" "$wanted" "$result"
    done
}

# run_redirected SPEED BUS CASE...: those that are possible.
run_redirected() {
    local speed=$1 bus=$2 number result=

    shift 2
    redirect zero "$bus" || return
    guest 'soon has_driver zero usbtest'
    for number; do
        [ "${usbtest_result[$speed directly $number]}" = passes ] || continue
        result=$(guest "usbtest $number $usbtest_parameters")
        usbtest_result[$speed $bus $number]=$result
        is "$speed, $bus, case $number: $(case_name "$number")" passes "$result"
        [ "$result" != hangs ] || break
    done
    usbtest_end "$result"
}

# usbtest_end RESULT: of the last case. What hangs in the guest holds the device, and all that asks for
# it there.
usbtest_end() {
    if [ "$1" = hangs ]; then
        session_end
        guest_again
    else
        return_to_host zero
    fi
}

guest_again() {
    { guest_restart && guest ". /gadget-shell; modules_load && usbtest_pattern $usbtest_pattern"; } ||
        die "the guest"
}

case_name() {
    sed -n "s/^ *$1 //p" <<<"$usbtest_cases"
}

# Case 24, and QEMU's xHCI. When an endpoint is stopped, so that one transfer can be taken out of its
# queue, it cancels all that are under way, and goes on behind them: the driver waits for those for
# ever. The same with any redirector. Of the session is wanted that each request has its answer; that
# none comes again shows in its trace: the id of a request is its place in the guest's memory.

# run_unlink SPEED BUS
run_unlink() {
    local speed=$1 bus=$2 result requests answers cancelled again

    [ "${usbtest_result[$speed directly 24]}" = passes ] || return
    redirect zero "$bus" --trace || return
    guest 'soon has_driver zero usbtest'
    result=$(guest "usbtest 24 $usbtest_parameters")
    if [ "$result $bus" = 'hangs xhci' ] || [ "$result $bus" = 'hangs nec' ]; then
        read -r requests answers cancelled again <<<"$(host 'bulk_packets </tmp/session')"
        is "$speed, $bus, case 24: each of $requests requests has its answer" "$requests" "$answers"
        echo "known: $speed, $bus, case 24 hangs: the guest's QEMU cancels $cancelled requests at once," \
            "and sends $again of them again"
        usbtest_result[$speed $bus 24]='hangs¹'
    else
        is "$speed, $bus, case 24: $(case_name 24)" passes "$result"
        usbtest_result[$speed $bus 24]=$result
    fi
    usbtest_end "$result"
}

# run_upstream: the same with another redirector.
run_upstream() {
    host "usbredirect --device 0525:a4a0 --to ${address[xhci]#tcp:} >/tmp/session 2>&1 & session=\$!"
    guest 'soon has_driver zero usbtest'
    usbtest_result[upstream]=$(guest "usbtest 24 $usbtest_parameters")
    echo "known: high-speed, xhci, case 24 with usbredirect: ${usbtest_result[upstream]}"
    host 'kill $session; exit_code $session' >/dev/null
    guest_again
}

# run_configured SPEED BUS: in the other configuration.
run_configured() {
    redirect zero "$2" || return
    is "$1, $2, configuration 2: $(case_name 1)" passes \
        "$(guest 'soon has_driver zero usbtest; usbtest_configuration 2 && usbtest 1 8 4096 0 1')"
    return_to_host zero
}

gadget_some() {
    plug_gadget super-speed 1
    run_directly super-speed 1 2 9 10 13 14 29
    run_redirected super-speed xhci 1 2 9 10 13 14 29
    run_configured super-speed xhci
    host gadget_unplug
    plug_gadget high-speed 1
    run_directly high-speed 24
    run_redirected high-speed ehci 24
    host gadget_unplug
}

# gadget_at SPEED BUS...: all cases.
gadget_at() {
    local speed=$1 cases bus

    shift
    cases=$(awk 'NF && $1 < 27 || $1 == 29 { print $1 }' <<<"$usbtest_cases" | xargs)
    plug_gadget "$speed" 1
    # shellcheck disable=SC2086
    run_directly "$speed" $cases
    for bus; do
        # shellcheck disable=SC2086
        run_redirected "$speed" "$bus" ${cases% 24}
        run_configured "$speed" "$bus"
    done
    host gadget_unplug
    plug_gadget "$speed" 0
    run_directly "$speed" 27 28
    for bus; do
        run_redirected "$speed" "$bus" 27 28
        run_unlink "$speed" "$bus"
    done
}

gadget_all() {
    gadget_at high-speed xhci nec ehci
    run_upstream
    host gadget_unplug
    gadget_at super-speed xhci nec
    host gadget_unplug
}

gadget_table() {
    local number name column

    printf '%s\n\n%s\n%s\n%s\n\n' "## The kernel's usbtest on Gadget Zero" \
        'From `tests/vm/check-gadget --full`: each case in the machine that has the gadget, then through' \
        "the redirection in another one, by its controllers. With $(versions)."
    printf '%s\n' \
        '| case | | high speed: directly | xHCI | NEC xHCI | EHCI | super speed: directly | xHCI | NEC xHCI |' \
        '|---|---|---|---|---|---|---|---|---|'
    while read -r number name; do
        printf '| %s | %s |' "$number" "$name"
        for column in 'high-speed directly' 'high-speed xhci' 'high-speed nec' 'high-speed ehci' \
            'super-speed directly' 'super-speed xhci' 'super-speed nec'; do
            printf ' %s |' "${usbtest_result[$column $number]:-}"
        done
        echo
    done < <(tail -n +2 <<<"$usbtest_cases")
    printf '\n%s\n' "¹ QEMU's xHCI cancels what it has of an endpoint's queue to unlink one transfer, and forgets the
others: the session has answered each. With usbredirect, at high speed on xHCI: it
${usbtest_result[upstream]}."
}
