#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredirctl test: mistakes in files, and what they would change, with a daemon and without.
. "$(dirname "$0")/bed.sh"

mkdir "$directory/etc"
file=$directory/etc/10-mine.rules
echo '8,-1,-1,-1,1 guest=win10 hold=yes' >"$file"
printf '%s\n' '# ours' '8,-1,-1,1' '-1,-1,-1,-1,1 gest=a' >"$directory/etc/20-broken.rules"

name=tells_mistakes_without_a_bus
run 1 test "$file" "$directory/etc/20-broken.rules"
grep -qF "etc/20-broken.rules:2:10: a rule has five values" "$directory/err" || fail "$(cat "$directory/err")"
grep -qF "etc/20-broken.rules:3:15: unknown key \"gest=a\"" "$directory/err" || fail "$(cat "$directory/err")"
[ ! -s "$directory/out" ] || fail "printed $(cat "$directory/out")"
run 1 test "$directory/nothing"
says "$directory/nothing: No such file or directory"
pass

name=files_alone_without_a_daemon
run 0 test "$file"
says 'usbredird is not running: only these files are looked at'
[ "$(cat "$directory/out")" = 'The files are right.' ] || fail "$(cat "$directory/out")"
run 5 test "$file" --device=1-1.4
pass

name=a_name_stands_for_one_file
mkdir "$directory/other"
cp "$file" "$directory/other"
run 2 test "$file" "$directory/other/10-mine.rules"
pass

# A device that is described: what becomes of it by the rules, the description, the rules.
while IFS='|' read -r want device rules; do
	name="by_$rules"
	printf '%b\n' "$rules" >"$directory/50-a.rules"
	run 0 test --no-legend --json --device="$device" "$directory/50-a.rules"
	grep -qF "\"after\": \"$want\"" "$directory/out" || fail "$(cat "$directory/out")"
	pass
done <<-'END'
	allowed auto=yes guest=a on=plug hold=yes reset=no force=yes|0781:5581,interface=08/06/50|8,0x781,0x5581,-1,1 guest=a on=plug hold=yes reset=no force=yes
	denied|0781:5581,interface=08/06/50|3,-1,-1,-1,1
	allowed auto=no|0781:5581,interface=08/06/50|-1,-1,-1,-1,1 auto=no
	allowed auto=yes|0781:5581,version=0x0100,interface=08/06/50|-1,-1,-1,0x100,1
	allowed auto=yes|0781:5581,interface=03/01/01,interface=0b/00/00|-1,-1,-1,-1,1 interface=0b
	allowed auto=yes|0781:5581,interface=08/06/50,serial=A,B=C,port=1-2|-1,-1,-1,-1,1 serial=A,B=C port=1-2
	allowed auto=yes|0781:5581,interface=08/06/50,path=p,vendor-name=Acme, Inc.|-1,-1,-1,-1,1 path=p vendor-name="Acme, Inc."
	allowed auto=yes|0781:5581,interface=08/06/50,product-name=S,property=A=b=c|-1,-1,-1,-1,1 product-name=S property=A=b=c
	allowed auto=yes|0781:5581,class=ff|0xff,-1,-1,-1,1
	hub|0781:5581,class=09/00/01|-1,-1,-1,-1,1
	no-match|0781:5581,|-1,-1,-1,-1,1
	conflict auto=no guest=a|0781:5581,interface=08/06/50,interface=03/01/01|8,-1,-1,-1,1 guest=a\n3,-1,-1,-1,1 guest=b
END

# Where a description is wrong, the description.
while IFS='|' read -r column device; do
	name="refuses_$device"
	run 2 test "$file" --device="$device"
	grep -qF -- "--device: $column: " "$directory/err" || fail "$(cat "$directory/err")"
	pass
done <<-END
	1|0781,
	1|0781:558,
	1|0781:5581x,
	11|0781:5581,colour=red
	21|0781:5581,interface=08/06
	17|0781:5581,class=8
	19|0781:5581,version=2.0
	20|0781:5581,property=A
END

start_bus
start_mock

name=tells_what_changes
run 0 test "$file"
says ''
same out test.txt
run 0 test --json "$file"
sed -i "s|$directory||" "$directory/out"
same out test.json
pass

name=tells_of_one_device_whatever_changes
run 0 test "$file" --device=1-1.10
same out test-device.txt
pass

name=says_that_nothing_changes
echo '8,-1,-1,-1,0' >"$directory/10-sticks.rules"
run 0 test "$directory/10-sticks.rules"
[ "$(cat "$directory/out")" = 'The files are right, and change nothing for the devices there are.' ] ||
	fail "$(cat "$directory/out")"
pass

name=a_file_takes_the_place_of_one_of_its_name
echo '-1,-1,-1,-1,1 auto=no' >"$directory/40-defaults.rules"
run 0 test "$directory/40-defaults.rules" --device=046d:c31c,interface=03/01/01 --json
grep -qF '"before": "denied"' "$directory/out" || fail "$(cat "$directory/out")"
grep -qF '"after": "allowed auto=no"' "$directory/out" || fail "$(cat "$directory/out")"
pass

name=a_file_stands_where_its_name_puts_it
mv "$directory/40-defaults.rules" "$directory/41-later.rules"
run 0 test "$directory/41-later.rules" --device=046d:c31c,interface=03/01/01 --json
grep -qF '"after": "denied"' "$directory/out" || fail "$(cat "$directory/out")"
mv "$directory/41-later.rules" "$directory/39-sooner.rules"
run 0 test "$directory/39-sooner.rules" --device=046d:c31c,interface=03/01/01 --json
grep -qF '"after": "allowed auto=no"' "$directory/out" || fail "$(cat "$directory/out")"
pass

finish
