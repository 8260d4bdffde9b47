#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The interfaces that are installed are those of the objects. "test-introspection.sh write" brings
# the files up to date with the code.
set -eu

if [ "${inside-}" != yes ]; then
    inside=yes exec sh "$(dirname "$0")/with-daemon.sh" sh "$0" "$@"
fi

files=${top_srcdir:-$(dirname "$0")/../..}/data/dbus-1/interfaces
name=org.usbredir1
root=/org/usbredir1
bad=0

# The interface alone, without comments.
only() {
    sed -n "s/^ *<!--.*-->//; /<interface name=\"$name.$1\">/,/<\/interface>/p"
}

live() {
    busctl --xml-interface introspect "$name" "$2" | only "$1"
}

check() {
    wanted=$(live "$1" "$2")
    file=$files/$name.$1.xml
    if [ "${mode-}" = write ]; then
        {
            echo '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"'
            echo ' "https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">'
            echo '<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->'
            echo '<node>'
            echo "$wanted"
            echo '</node>'
        } >"$file"
    fi
    if [ -n "$wanted" ] && [ "$wanted" = "$(only "$1" <"$file")" ]; then
        echo "ok: $name.$1"
    else
        printf 'NOT ok: %s differs from the live object:\n%s\n' "$file" "$wanted"
        bad=1
    fi
}

mode=${1-}
busctl call $name $root $name.Manager Attach 'ssa{sv}' 1-1 vm1 0 >/dev/null
check Manager $root
check Device $root/devices/_31_2d1
check Guest $root/guests/vm1
check Session $root/sessions/1
exit $bad
