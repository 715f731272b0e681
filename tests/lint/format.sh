#!/bin/bash
# The code is as .clang-format says; `format.sh --fix` makes it so.  77: clang-format-14 is missing.
set -eu
cd "$(dirname "$0")/../.."

program=$(command -v clang-format-14 || true)
if [ -z "$program" ]; then
	echo "format.sh: skipped: Debian package clang-format-14 is missing"
	exit 77
fi
sources() {
	find src include tests -name '*.[ch]' -print0 | sort -z
}
if [ "${1:-}" = --fix ]; then
	sources | xargs -0 -n 40 "$program" -i
	exit
fi
# one line a place, without the drawings below it
if ! said=$(sources | xargs -0 -n 40 "$program" --dry-run -Werror 2>&1); then
	echo "$said" | grep -E '^[^ ]+:[0-9]+:[0-9]+: ' | cut -d : -f 1 | sort | uniq -c
	echo "format.sh: so many places are not as .clang-format says; tests/lint/format.sh --fix"
	exit 1
fi
