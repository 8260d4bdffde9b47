#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a test program under umockdev-wrapper; 77, which is "skipped", where there is none.
if ! command -v umockdev-wrapper >/dev/null; then
	echo "umockdev-wrapper is missing: skipped"
	exit 77
fi
exec umockdev-wrapper "$@"
