#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a terminal: colour unless it is unwanted, lines that fit, and nothing of a device's that acts.
. "$(dirname "$0")/bed.sh"

if ! command -v script >/dev/null; then
	echo "script is missing: skipped"
	exit 77
fi

start_bus
start_mock

escape=$(printf '\033')

# on_terminal COLUMNS COMMAND: its output there is left in $directory/out.
on_terminal() {
	SHELL=/bin/sh timeout "$deadline" script -qec "stty cols $1; $ctl --bus-address=$bus_address $2" \
		/dev/null >"$directory/out" </dev/null || fail "'$2' ends with $?"
	tr -d '\r' <"$directory/out" >"$directory/clean" && mv "$directory/clean" "$directory/out"
}

name=headings_are_bold_and_states_coloured
on_terminal 100 list
grep -qF "$escape[1mPORT" "$directory/out" || fail "no bold heading"
grep -qF "$escape[32mredirected" "$directory/out" || fail "no green state"
grep -qF "$escape[31mfailed" "$directory/out" || fail "no red state"
pass

name=lines_fit
for columns in 80 100 150; do
	on_terminal "$columns" list
	width=$(sed "s/$escape\[[0-9;]*m//g" "$directory/out" | wc -L)
	[ "$width" -gt 60 ] && [ "$width" -le "$columns" ] || fail "$width of $columns columns"
done
pass

name=a_device_has_no_escape_sequence
for arguments in list 'status 2-1' status; do
	on_terminal 100 "$arguments"
	# Colours of ours: bold, reset, and three more.
	sed "s/$escape\[\(1\|0\|3[123]\)\?m//g" "$directory/out" >"$directory/rest"
	! grep -qF "$escape" "$directory/rest" || fail "$arguments"
done
pass

name=no_color_is_respected
NO_COLOR=1 on_terminal 100 list
! grep -qF "$escape" "$directory/out" || fail "coloured with NO_COLOR"
NO_COLOR='' on_terminal 100 list
grep -qF "$escape" "$directory/out" || fail "not coloured with an empty NO_COLOR"
TERM=dumb on_terminal 100 list
! grep -qF "$escape" "$directory/out" || fail "coloured on a dumb terminal"
pass

finish
