#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --help, the manual and the completion know the same commands, options, exit codes; and the manual
# knows every key of JSON that the golden files show.
. "$(dirname "$0")/bed.sh"

completion=${top_srcdir:-.}/data/completions/usbredirctl
manual=${top_srcdir:-.}/man/usbredirctl.1

"$ctl" --help >"$directory/help" || fail "--help ends with $?"

# help_words SECTION: the first words of the section's lines.
help_words() {
	awk -v section="$1:" '$0 == section { inside = 1; next }
		/^[^ ]/ { inside = 0 }
		inside && NF { sub(/=.*/, "", $1); print $1 }' "$directory/help" | sort
}

# manual_words SECTION MACRO: the first words of the section's items, behind that macro if any.
manual_words() {
	awk -v section=".Sh $1" -v macro="$2" '/^\.Sh / { inside = $0 == section }
		inside && $1 == ".It" && (macro == "" || $2 == macro) { print macro == "" ? $2 : $3 }' \
		"$manual" | sort
}

# complete WORD...: what the completion offers for the last word. Its usbredirctl is a function.
offered() (
	usbredirctl() {
		case $* in
			'--no-legend list') printf '%s\n' '1-1.4 0781:5581 a stick' '2-1 046d:c31c keyboard' ;;
			'--no-legend rules') printf '%s\n' '10-sticks.rules:12 allow 8,-1,-1,-1,1' ;;
			'--no-legend guests') printf '%s\n' 'win10 connected' 'build idle' ;;
		esac
	}
	. "$completion"
	COMP_WORDS=(usbredirctl "$@")
	COMP_CWORD=$#
	_usbredirctl
	printf '%s\n' "${COMPREPLY[@]}" | sort
)

same_words() {
	[ -n "$1" ] || fail "found nothing"
	[ "$1" = "$2" ] || fail "$(diff <(echo "$1") <(echo "$2"))"
}

name=manual_and_help_have_the_same_commands
same_words "$(help_words Commands)" "$(manual_words COMMANDS Cm)"
pass

name=manual_and_help_have_the_same_options
same_words "$(help_words Options)" "$(manual_words OPTIONS Fl | sed 's/^/-/')"
pass

name=manual_and_help_have_the_same_exit_codes
same_words "$(help_words 'Exit codes')" "$(manual_words 'EXIT STATUS' '')"
awk '/^Exit codes:/ { inside = 1; next } inside { $1 = ""; print substr($0, 2) }' \
	"$directory/help" | while read -r meaning; do
	grep -qxF "$meaning" "$manual" || fail "the manual does not say '$meaning'"
done || exit 1
pass

name=completion_and_help_have_the_same_commands
same_words "$(help_words Commands)" "$(offered '')"
pass

name=completion_and_help_have_the_same_options
same_words "$(help_words Options)" "$(for command in attach detach rules learn doctor convert test; do
	offered "$command" -
done | sed 's/=$//' | sort -u)"
pass

# What is offered, the words of the command line; the last may be empty.
while IFS='|' read -r want words; do
	name="completes_$words"
	IFS=, read -r -a line <<<"$words,"
	got=$(offered "${line[@]}" | tr '\n' ' ')
	[ "$got" = "$want" ] || fail "offers '$got', not '$want'"
	pass
done <<-END
	reload resume rules |r
	1-1.4 2-1 |attach,
	1-1.4 |status,1
	build win10 |attach,1-1.4,
	win10 |--wait,attach,1-1.4,w
	1-1.4 2-1 |detach,1-1.4,
	--all |detach,--al
	 |attach,--al
	1-1.4 2-1 |--json,explain,
	 |explain,1-1.4,
	 |guests,
	build win10 |guest,
	 |--bus-address,=,
	add remove |rules,
	10-sticks.rules:12 |rules,remove,1
	 |rules,add,-1:-1:-1:-1:1,
	--before= |rules,--be
	 |rules,--file,=,
	libvirt qemu rules string |convert,--to,=
	qemu |convert,--to,=,q
	reload resume rules |--to,=,rules,r
END

name=manual_knows_every_key
grep -oh '^ *"[a-z-]*":' "$here"/golden/*.json | tr -d ' ":' | sort -u >"$directory/keys"
tr -s ' ,' '\n' <"$manual" | sort -u >"$directory/words"
for key in $(cat "$directory/keys"); do
	case $key in
		# Names of states and of keys of rules, where they are keys here.
		redirected | waiting | idle | failed | unreachable | connected | forwarding | interface) ;;
		*) grep -qxF -- "$key" "$directory/words" || fail "not '$key'" ;;
	esac
done
pass

finish
