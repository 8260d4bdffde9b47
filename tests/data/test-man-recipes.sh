#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes of usbredir(7) are those of docs/recipes.md, which tests/recipes/check runs: the same
# headings, and below each comment "recipe NAME" that block, to the letter.
set -eu

source=${top_srcdir:-$(dirname "$0")/../..}
docs=$source/docs/recipes.md
page=$source/man/usbredir.7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
count=0

fail() {
    echo "NOT ok: $1"
    bad=1
}

docs_block() {
    awk -v name="$1" '/^```/ { inside = !inside && $2 == name; next } inside' "$docs"
}

page_block() {
    awk -v name="$1" '
        $1 == ".Ed" { inside = 0 }
        inside { sub(/^\\&/, ""); gsub(/\\e/, "\\"); print }
        $1 == ".Bd" { inside = last == name }
        { last = $2 == "recipe" ? $3 : "" }' "$page"
}

sed -n 's/^## //p' "$docs" >"$work/docs"
awk '/^\.Sh/ { inside = $2 == "RECIPES" } inside && sub(/^\.Ss /, "")' "$page" >"$work/page"
[ -s "$work/docs" ] || fail "the document has no recipes"
diff -u "$work/docs" "$work/page" || fail "document (-) and page (+) have different recipes"

sed -n 's/^\.\\" recipe //p' "$page" >"$work/names"
while read -r name; do
    docs_block "$name" >"$work/docs"
    page_block "$name" >"$work/page"
    [ -s "$work/docs" ] || fail "$name is no block of the document"
    diff -u "$work/docs" "$work/page" || fail "$name is not what was run"
    count=$((count + 1))
done <"$work/names"
[ "$count" -eq "$(grep -c '^\.Bd' "$page")" ] || fail "a block has no name"
[ "$count" -gt 0 ] || fail "the page has no block"

[ "$bad" -eq 0 ] || exit 1
echo "$count blocks are the same"
