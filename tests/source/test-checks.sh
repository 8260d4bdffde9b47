#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The checks of the source fail when they should: each mistake is made in a tree of its own.
set -eu

here=$(dirname "$0")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
bad=0

# name, expected result, check, file, text
try() {
    rm -rf "$tree/src"
    mkdir -p "$tree/src/protocol" "$tree/src/util" "$tree/src/session" "$tree/$(dirname "$4")"
    printf '#pragma once\n/* SPDX-License-Identifier: LGPL-2.1-or-later */\n#include <stdint.h>\n' \
        >"$tree/src/util/good.h"
    printf '%b' "$5" >"$tree/$4"
    if sh "$here/$3" "$tree" >"$tree/log" 2>&1; then result=passes; else result=fails; fi
    if [ "$result" = "$2" ]; then
        echo "ok: $1"
    else
        echo "NOT ok: $1: it $result"
        cat "$tree/log"
        bad=1
    fi
}

head='#pragma once\n/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'

try "own folder and the floor below" passes check-floors.sh src/protocol/a.c \
    '#include <errno.h>\n#include "protocol/b.h"\n#include "util/good.h"\n'
try "a floor above" fails check-floors.sh src/protocol/a.c '#include "session/link.h"\n'
try "the whole of a folder of which one file is allowed" fails check-floors.sh src/daemon/a.c \
    '#include "session/session.h"\n'
try "the one file of it" passes check-floors.sh src/daemon/a.c '#include "session/control.h"\n'
try "a library that this floor has not" fails check-floors.sh src/protocol/a.c \
    '#include <libusb.h>\n'
try "a library that no floor has" fails check-floors.sh src/session/a.c '#include <glib.h>\n'
try "an indented include" fails check-floors.sh src/util/a.c '  #  include "usb/device.h"\n'
try "a folder without a floor" fails check-floors.sh src/misc/a.c '#include <errno.h>\n'
try "a header that is complete" passes check-headers.sh src/util/a.h "$head#include <stddef.h>\nsize_t f(void);\n"
try "a header that lacks an include" fails check-headers.sh src/util/a.h "${head}size_t f(void);\n"
try "a header without pragma" fails check-headers.sh src/util/a.h \
    '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'
try "a header without a licence" fails check-headers.sh src/util/a.h '#pragma once\n'

exit $bad
