#!/bin/bash
# CMake names each missing library and the Debian package that brings it, all at once.
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
	echo "missing.sh: $*"
	cat "$place/log"
	exit 1
}

if PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH='' cmake -S "$source" -B "$place/build" \
	> "$place/log" 2>&1; then
	fail "configures although no library is there"
fi
needed=0
while read -r module package; do
	needed=$((needed + 1))
	grep -q "$module: Debian package $package" "$place/log" || fail "$module and $package are not named"
	"$source/scripts/deps" --list | grep -qx "$package" || fail "scripts/deps does not install $package"
done < <(sed -nE 's/^ *exf_need\([A-Z0-9]+ ([^ ]+) ([^ )]+)\)$/\1 \2/p' "$source/cmake/Dependencies.cmake")
[ $needed -ge 5 ] || fail "only $needed libraries were found in Dependencies.cmake"
grep -q scripts/deps "$place/log" || fail "scripts/deps is not named"
