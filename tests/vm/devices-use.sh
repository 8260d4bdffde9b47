# SPDX-License-Identifier: LGPL-2.1-or-later
# How devices are used, by the kinds of it in "devices": to be sourced by bash, after usb.sh. The
# device has its kind as its serial number; $kind is in the machine $plugged_into, or redirected from
# there; "guest" uses it. use_… fail with $why, may have a $remark, and leave nothing running. busy_…
# have it used until it is gone.
# shellcheck shell=bash disable=SC2016,SC2034,SC2054,SC2154

# backing_make MACHINE: what is behind its devices, and backing_arguments for its QEMU.
backing_make() {
    local name="$directory/$1"

    rm -f "$name"-card "$name"-serial.{in,out}
    mkfifo "$name"-serial.{in,out} && head -c 16M /dev/urandom >"$name-disk" || return 1
    # All that the serial device says, in this file: it waits for those who do not read.
    cat "$name-serial.out" >>"$name-serial.said" &
    helpers+=($!)
    backing_arguments=(
        -blockdev "raw,node-name=disk,file.driver=file,file.filename=$name-disk"
        -chardev "socket,id=card,path=$name-card,server=on,wait=off"
        -chardev "pipe,id=serial,path=$name-serial"
        -audiodev "wav,id=audio,path=$name-sound,out.frequency=48000"
        -netdev user,id=net,net=10.9.0.0/24,restrict=on)
}

# media_make: what is in $directory that not one machine alone has.
media_make() {
    mkdir "$directory/media" && head -c 256k /dev/urandom >"$directory/media/song" &&
        head -c 64M /dev/zero >"$directory/media/long" &&
        tests/vm/tone.py >"$directory/share/tone" &&
        head -c 16k /dev/urandom >"$directory/share/text"
}

helpers_stop() {
    [ "${#helpers[@]}" -eq 0 ] || kill "${helpers[@]}" 2>/dev/null
    helpers=()
}
helpers=()

# same WHAT WANTED GOT
same() {
    [ "$2" = "$3" ] || { why="$1: \"$3\", not \"$2\"" && false; }
}

# does WHAT COMMAND...
does() {
    "${@:2}" >"$directory/output" 2>&1 && return
    why="$1: $(tail -n 1 "$directory/output")"
    return 1
}

file_sum() {
    sha256sum "$@" | cut -d' ' -f1
}

use_disk() {
    local disk=$directory/$plugged_into-disk

    does "no disk" guest "soon has_disk $kind || { complaint; false; }" &&
        same "what was read" "$(file_sum "$disk")" "$(guest "sum \$(disk_of $kind)")" &&
        does "nothing can be written" guest "write_data $kind" &&
        same "what was written" "$(guest 'sum /tmp/data')" \
            "$(dd if="$disk" bs=64k skip=3 count=128 status=none | file_sum)"
}

busy_disk() {
    guest "busy $kind again dd if=\$(disk_of $kind) of=/dev/null bs=64k iflag=direct"
}

use_card() {
    local apdu=00CA010210000102030405060708090A0B0C0D0E0F

    tests/vm/card.py "$directory/$plugged_into-card" &
    helpers+=($!)
    does "no card is seen" guest 'soon card_atr' &&
        same "the card's name" "$(tests/vm/card.py --atr)" "$(guest card_atr | tail -n 1)" &&
        same "the card's answer" "$(tests/vm/card.py --answer "$apdu")" \
            "$(guest "card_answer $apdu")"
}

busy_card() {
    guest "busy $kind again card_answer 00CA0102020304"
}

use_serial() {
    local said=$directory/$plugged_into-serial.said text=$directory/share/text size

    size=$(stat -c %s "$text")
    : >"$said"
    does "no terminal" guest "serial_open $kind" &&
        does "nothing can be said" guest 'timeout 30 dd if=/share/text of=$tty bs=1k' &&
        does "not all that was said arrives" soon_has_size "$said" "$size" &&
        same "what was said" "$(file_sum "$text")" "$(file_sum "$said")" || return
    does "the terminal cannot be read" guest "serial_take $size" || return
    timeout 30 cat "$text" 1<>"$directory/$plugged_into-serial.in"
    same "what was heard" "$(file_sum "$text")" "$(guest serial_taken)"
}

# soon_has_size FILE BYTES
soon_has_size() {
    local end=$((SECONDS + 30))

    until [ "$(stat -c %s "$1")" -ge "$2" ]; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

busy_serial() {
    guest "busy $kind again dd if=/dev/zero of=\$tty bs=1k"
}

# events_are WANTED MONITOR-COMMAND...: what an input device sends, when its QEMU is told that.
events_are() {
    does "no input device" guest "soon has_part $kind '*/input/input*/event*'" &&
        does "its events cannot be read" guest "events_begin $kind" || return
    "${@:2}" >/dev/null
    guest "soon is_event '$1'" || same "its events" "$1" "$(guest events)"
    guest 'kill $reader'
    [ -z "$why" ]
}

# With an event, as it says nothing by itself.
busy_input() {
    guest "busy $kind cat /dev/input/\$(part_of $kind '*/input/input*/event*')"
}

use_keyboard() {
    events_are '1/30/1 1/30/0' monitor "$plugged_into" 'sendkey a'
}

busy_keyboard() {
    busy_input
    monitor "$plugged_into" 'sendkey b' >/dev/null
}

use_mouse() {
    events_are '2/0/5 2/1/-3' monitor "$plugged_into" 'mouse_move 5 -3'
}

busy_mouse() {
    busy_input
    monitor "$plugged_into" 'mouse_move 1 1' >/dev/null
}

# point X Y: where a tablet's pen is to be; 32767 is the other end.
point() {
    monitor_json "$plugged_into" input-send-event "{\"events\":[
        {\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":$1}},
        {\"type\":\"abs\",\"data\":{\"axis\":\"y\",\"value\":$2}}]}"
}

use_tablet() {
    events_are '3/0/16000 3/1/8000' point 16000 8000
}

busy_tablet() {
    busy_input
    point 1000 1000 >/dev/null
}

# Its own scale ends at 5040 and 3780; BTN_TOOL_PEN and ABS_MISC say that a pen is near.
use_pen() {
    events_are '1/320/1 3/40/2 3/0/2461 3/1/922' point 16000 8000
}

busy_pen() {
    busy_input
    point 1000 1000 >/dev/null
}

use_audio() {
    does "no sound card" guest "audio_card $kind" &&
        does "it cannot be played" guest 'audio_play /share/tone' &&
        does "what was played" tests/vm/tone.py "$directory/$plugged_into-sound" || return
    remark=$(cat "$directory/output")
}

busy_audio() {
    guest "busy $kind audio_play /dev/zero"
}

use_files() {
    does "no file can be fetched" guest 'soon files_fetch song' &&
        same "the file" "$(file_sum "$directory/media/song")" "$(guest 'sum /tmp/fetched')"
}

busy_files() {
    guest "busy $kind files_fetch long"
}

use_net() {
    does "no network" guest "net_up $kind 10.9.0.15/24" &&
        does "no answer" guest 'ping -q -c 5 -i 0.2 10.9.0.2' &&
        does "no answer to what is long" guest 'ping -q -c 5 -i 0.2 -s 1400 10.9.0.2'
}

busy_net() {
    guest "busy $kind again ping -q -c 20 -i 0.01 -W 1 -s 1400 -I \$net 10.9.0.2"
}
