#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# usbredirctl convert: from each form to each, and what cannot be said is told. No bus is there.
. "$(dirname "$0")/bed.sh"

# again CODE FORM: converts what came out last.
again() {
	mv "$directory/out" "$directory/in"
	convert "$1" "$2" "$directory/in"
}

# convert CODE FORM RULES: the result is in $directory/out, what was told in $directory/err.
convert() {
	run "$1" convert --to="$2" "$3"
}

# Tuples alone: the string, QEMU's form.
while read -r string qemu; do
	name=string_and_qemu_$string
	for text in "$string" "$qemu"; do
		convert 0 string "$text"
		[ "$(cat "$directory/out")" = "$string" ] || fail "$(cat "$directory/out")"
		convert 0 qemu "$text"
		[ "$(cat "$directory/out")" = "$qemu" ] || fail "$(cat "$directory/out")"
		convert 0 rules "$text"
		[ "$(cat "$directory/out")" = "$string" ] || fail "$(cat "$directory/out")"
		convert 0 libvirt "$text"
		again 0 string
		[ "$(cat "$directory/out")" = "$string" ] || fail "by libvirt: $(cat "$directory/out")"
	done
	pass
done <<-END
	0x03,-1,-1,-1,0|-1,-1,-1,-1,1                 0x03:-1:-1:-1:0|-1:-1:-1:-1:1
	0x08,0x0781,0x5581,0x0100,1                   0x08:0x0781:0x5581:0x0100:1
	-1,0x0000,0xffff,0x0009,0|0x00,-1,-1,0x9999,1 -1:0x0000:0xffff:0x0009:0|0x00:-1:-1:0x9999:1
END

name=no_rules_are_rules
convert 0 string ''
[ "$(cat "$directory/out")" = '' ] || fail "$(cat "$directory/out")"
convert 0 libvirt ''
again 0 qemu
[ "$(cat "$directory/out")" = '' ] || fail "$(cat "$directory/out")"
pass

# libvirt's version is decimal, with two digits behind the point: what it says, what that is.
while read -r version number; do
	name=version_$version
	convert 0 string "<redirfilter><usbdev version='$version' allow='yes'/></redirfilter>"
	[ "$(cat "$directory/out")" = "-1,-1,-1,$number,1" ] || fail "$(cat "$directory/out")"
	pass
done <<-END
	2.56  0x0256
	2.5   0x0250
	2.05  0x0205
	12.34 0x1234
	0.00  0x0000
	-1    -1
END

# What is refused: place, a part of what is said, the text.
while IFS='|' read -r place part text; do
	name="refuses_$text"
	convert 1 rules "$text"
	[ ! -s "$directory/out" ] || fail "printed $(cat "$directory/out")"
	grep -qF "RULES:$place: " "$directory/err" || fail "$(cat "$directory/err")"
	grep -qF "$part" "$directory/err" || fail "$(cat "$directory/err")"
	pass
done <<-'END'
	1:11|allow is missing|3,-1,-1,-1
	1:14|version= of usbdev takes -1 or|<redirfilter><usbdev version='2' allow='yes'/></redirfilter>
	1:14|version= of usbdev takes -1 or|<redirfilter><usbdev version='123.4' allow='yes'/></redirfilter>
	1:14|class= of usbdev takes -1 or a|<redirfilter><usbdev class='8,1' allow='yes'/></redirfilter>
	1:14|octal|<redirfilter><usbdev class='010' allow='yes'/></redirfilter>
	1:14|0 to 0xff|<redirfilter><usbdev class='256' allow='yes'/></redirfilter>
	1:14|allow= of usbdev takes yes or no|<redirfilter><usbdev class='8'/></redirfilter>
	1:14|no XML|<redirfilter>
	1:1|no <redirfilter>|<domain/>
	1:12|no <!DOCTYPE>|<!DOCTYPE x><redirfilter/>
	1:10|VVVV:PPPP|allow id 781:5581
	1:14|in quotes|allow serial x
	1:16|the quote is not closed|allow serial "x
	1:17|stands on the line already|allow id 0781:* id 0781:5581
	1:7|expected id, serial|allow colour "x"
	1:28|the { is not closed|allow id one-of { 0781:5581
	1:19|expected a value|allow id one-of {}
	1:1|expected allow, block or reject|match id 0781:5581
END

name=rules_lose_keys_and_never_allow_more
cat >"$directory/50-mine.rules" <<-'END'
	# keyboards: never
	-1,-1,-1,-1,0                interface=03/01/01
	-1,-1,-1,-1,1                guest=win10 interface=0b
	8,0x781,0x5581,0x10a,1       hold=yes
	8,0x781,0x5582,0x10a,0
	-1,-1,-1,-1,0   port=2-*  serial="A B"
	-1,-1,-1,-1,1   auto=no
END
for form in string qemu libvirt; do
	convert 6 "$form" "$directory/50-mine.rules"
	sed -i "s|$directory/||" "$directory/err"
	same out "convert-rules-$form.txt"
	same err "convert-rules-$form.err"
done
convert 0 rules "$directory/50-mine.rules"
same out convert-rules-rules.txt
pass

name=usbguard_rules_as_far_as_they_can_be_said
cat >"$directory/rules.conf" <<-'END'
	# what usbguard generate-policy writes, and what people add
	allow id 1d6b:0002 serial "0000:00:14.0" name "xHCI Host Controller" hash "jEP/6WzviqdJ5VSeTUY8PatCNBKeaREvo2OqdplND/o=" parent-hash "G1ehGQdrl3dJ9HvW9w2HdC//pk87pKzFE1WY25bq8k4=" with-interface 09:00:00 with-connect-type ""
	allow id 0781:5581 serial "4C5310*" name "Ultra \"Fit\"" via-port "1-1.4"
	allow with-interface one-of { 0b:00:00 0B:*:* 03:01:* } label "readers"
	allow id one-of { 1050:0407 1050:* } serial one-of { "1" "2[" }
	reject with-interface all-of { 08:*:* 03:00:* }
	allow with-interface equals { 08:*:* }
	block id *:* with-interface none-of { 08:*:* } serial "a\x41\\"
	allow id 046d:c31c if !localtime(08:00-16:00) # by day
	allow serial ""
	block
END
convert 6 rules "$directory/rules.conf"
sed -i "s|$directory/||" "$directory/err"
same out convert-usbguard.rules
same err convert-usbguard.err
again 0 rules
grep -v '^#' "$here/golden/convert-usbguard.rules" | diff - "$directory/out" || fail "reads otherwise"
convert 6 string "$directory/rules.conf"
same out convert-usbguard.txt
pass

name=usbguard_takes_its_rules_for_what_we_do
if command -v usbguard-rule-parser >/dev/null; then
	usbguard-rule-parser -f "$directory/rules.conf" >"$directory/theirs" 2>&1 ||
		fail "$(cat "$directory/theirs")"
	pass
else
	echo "skipped: no usbguard-rule-parser"
fi

name=libvirt_reads_and_writes_the_same_filter
if command -v virsh >/dev/null; then
	convert 0 libvirt '0x08,0x0781,0xbeef,0x0256,1|-1,-1,-1,0x0205,0|0x00,-1,-1,-1,0|-1,-1,-1,-1,1'
	{
		echo "<domain type='test'><name>filter</name><memory>65536</memory><os><type>hvm</type></os>"
		echo "<devices><controller type='usb' model='ehci'/><redirdev bus='usb' type='spicevmc'/>"
		cat "$directory/out"
		echo '</devices></domain>'
	} >"$directory/domain.xml"
	virsh -c test:///default "define $directory/domain.xml; dumpxml filter" >"$directory/domain" 2>&1 ||
		fail "$(cat "$directory/domain")"
	diff -i <(sed -n '/usbdev/s/^ *//p' "$directory/out") <(sed -n '/usbdev/s/^ *//p' "$directory/domain") ||
		fail "differs"
	pass
else
	echo "skipped: no virsh"
fi

name=reads_standard_input
"$ctl" convert --to=qemu - <<<'8,-1,-1,-1,1' >"$directory/out" || fail "exit code $?"
[ "$(cat "$directory/out")" = '0x08:-1:-1:-1:1' ] || fail "$(cat "$directory/out")"
pass

name=refuses_more_than_1_MiB
head -c 1048577 /dev/zero | tr '\0' '#' >"$directory/long"
convert 1 string "$directory/long"
says "$directory/long: more than 1 MiB is no list of rules"
pass

name=needs_a_form
run 2 convert 8,-1,-1,-1,1
run 2 convert --to=xml 8,-1,-1,-1,1
says 'usbredirctl: --to takes string, qemu, libvirt or rules'
pass

finish
