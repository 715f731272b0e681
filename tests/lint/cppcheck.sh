#!/bin/bash
# cppcheck over src; what has passed is remembered in BUILD/cppcheck.  77: cppcheck is missing.
# usage: cppcheck.sh BUILD
set -eu

build=$(cd "${1:?usage: cppcheck.sh BUILD}" && pwd)
cd "$(dirname "$0")/../.."
if ! command -v cppcheck > /dev/null; then
	echo "cppcheck.sh: skipped: Debian package cppcheck is missing"
	exit 77
fi
mkdir -p "$build/cppcheck"
cppcheck --project="$build/compile_commands.json" --file-filter="$PWD/src/*" \
	--cppcheck-build-dir="$build/cppcheck" -j "$(nproc)" --quiet \
	--enable=warning,portability,performance --inline-suppr --error-exitcode=1 \
	--suppressions-list=tests/lint/cppcheck.txt --suppress='*:*/tests/*' \
	--template='{file}:{line}: {severity}: {message} [{id}]'
