#!/bin/bash
# What ShellCheck says about the scripts is nothing.  77: shellcheck is missing.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v shellcheck > /dev/null; then
	echo "shell.sh: skipped: Debian package shellcheck is missing"
	exit 77
fi
scripts=()
while IFS= read -r -d '' file; do
	case $file in
	*.sh | scripts/completions/*) scripts+=("$file") ;;
	*) if head -n 1 "$file" | grep -qE '^#!.*(ba)?sh$'; then scripts+=("$file"); fi ;;
	esac
done < <(find scripts .ci tests systemd/debian -type f \( -name '*.sh' -o ! -name '*.*' \) \
	! -path 'tests/fuzz/*' ! -path '*/data/*' -print0 | sort -z)
shellcheck -x "${scripts[@]}"
