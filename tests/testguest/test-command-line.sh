#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The commands and options of usbredir-testguest: --help, the manual and the completion know the
# same, and what is wrong is said with what to do. (tests/data has options and exit codes.)
. "$(dirname "$0")/bed.sh"

completion=${top_srcdir:-.}/data/completions/usbredir-testguest
manual=${top_srcdir:-.}/man/usbredir-testguest.1

"$tool" --help >"$directory/help" || fail "--help ends with $?"

# help_words SECTION: the first words of the section's lines.
help_words() {
	awk -v section="$1:" '$0 == section { inside = 1; next }
		/^[^ ]/ { inside = 0 }
		inside && NF { sub(/=.*/, "", $1); print $1 }' "$directory/help" | sort
}

offered() (
	. "$completion"
	COMP_WORDS=(usbredir-testguest "$@")
	COMP_CWORD=$#
	_usbredir_testguest
	printf '%s\n' "${COMPREPLY[@]}" | sed 's/=$//' | sort
)

same_words() {
	[ -n "$1" ] || fail "found nothing"
	[ "$1" = "$2" ] || fail "$(diff <(echo "$1") <(echo "$2"))"
}

name=manual_and_help_have_the_same_commands
same_words "$(help_words Commands)" "$(awk '/^\.Sh / { inside = $0 == ".Sh COMMANDS" }
	inside && $1 == ".It" && $2 == "Cm" { print $3 }' "$manual" | sort)"
pass

name=completion_and_help_have_the_same_commands
same_words "$(help_words Commands)" "$(offered '')"
pass

name=completion_and_help_have_the_same_options
same_words "$(help_words Options)" "$(offered -)"
pass

# CODE|ARGUMENTS|what is said in the first line of standard error
while IFS='|' read -r code arguments text; do
	name="says_$text"
	got=0
	# shellcheck disable=SC2086
	"$tool" $arguments >"$directory/out" 2>"$directory/err" </dev/null || got=$?
	[ "$got" -eq "$code" ] || fail "exit code $got, not $code"
	[ "$(head -n 1 "$directory/err")" = "usbredir-testguest: $text" ] ||
		fail "said $(head -n 1 "$directory/err")"
	pass
done <<-END
	2||which host? Give --listen or --connect
	2|--listen=fd:3 --connect=fd:4|give one of --listen and --connect, once
	2|--connect=tcp::4000|'tcp::4000': which host?
	2|--urbs=17|--urbs='17': expected a number from 1 to 16
	2|--connect=fd:3 --script=- read|'read': give commands or --script, not both
	3|--connect=unix:$directory/nobody|cannot connect to $directory/nobody: No such file or directory
END

finish
