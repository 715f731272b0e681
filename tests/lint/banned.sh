#!/bin/bash
# Functions that cannot be used safely, and notes to oneself, in src and include.
# usage: banned.sh [ROOT]      checks the tree
#        banned.sh --self-test plants each and expects it to be found
set -eu

functions='strcpy|stpcpy|strcat|sprintf|vsprintf|strncpy|gets|strtok|atoi|atol|atoll|atof|gmtime|localtime|ctime|asctime|rand|srand|alloca|scanf|sscanf|fscanf|vscanf|vsscanf|vfscanf|mktemp|tmpnam'
notes='TODO|FIXME|XXX'

# Every line of a folder that calls one of them: the name, not as a part of another, and "(".
check() {
	local status=0
	if grep -rnE --include='*.[ch]' --include='*.def' "(^|[^A-Za-z0-9_])($functions)[[:space:]]*\(" "$@"; then
		echo "banned.sh: these functions are banned; base/str.h, base/buf.h and base/cursor.h replace them"
		status=1
	fi
	if grep -rnE --include='*.[ch]' --include='*.def' "(^|[^A-Za-z0-9_])($notes)([^A-Za-z0-9_]|$)" "$@"; then
		echo "banned.sh: what is to be done stands in an issue, not in the source"
		status=1
	fi
	# a suppression names its check and says why on the same line
	if grep -rnE --include='*.[ch]' 'NOLINT|cppcheck-suppress' "$@" |
		grep -vE 'NOLINT(NEXTLINE|BEGIN|END)?\([a-zA-Z0-9.,* -]+\): [a-z]|cppcheck-suppress [A-Za-z0-9_]+ *[;:] *[a-z]'; then
		echo "banned.sh: a suppression is NOLINT(check): reason"
		status=1
	fi
	return $status
}

self_test() {
	local folder name status=0
	folder=$(mktemp -d)
	for name in ${functions//|/ }; do
		printf 'void f(void)\n{\n\t%s(a);\n}\n' "$name" > "$folder/a.c"
		check "$folder" > "$folder/out" && { echo "banned.sh: $name was not found"; status=1; }
		grep -q 'a.c:3:' "$folder/out" || { echo "banned.sh: $name has no line"; status=1; }
	done
	for name in ${notes//|/ }; do
		printf '/* %s: later */\n' "$name" > "$folder/a.c"
		check "$folder" > "$folder/out" && { echo "banned.sh: $name was not found"; status=1; }
	done
	printf 'f(); /* NOLINT */\n' > "$folder/a.c"
	check "$folder" > "$folder/out" && { echo "banned.sh: a bare NOLINT was not found"; status=1; }
	printf 'str_rand(a); mkostemp("/tmp/aXXXXXX"); gmtime_r(a, b); /* NOLINT(misc-x): why */\n' > "$folder/a.c"
	check "$folder" || { echo "banned.sh: harmless lines were taken for banned"; status=1; }
	rm -r "$folder"
	return $status
}

if [ "${1:-}" = --self-test ]; then
	self_test
	exit
fi
root=${1:-$(dirname "$0")/../..}
cd "$root"
check src include
