#!/bin/bash
# What is installed runs from where it is put, and finds its data there and nowhere else.
# usage: install.sh BUILD
set -eu

build=$(cd "${1:?usage: install.sh BUILD}" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
capture=$source/tests/replay/dns_iodine/input.pcap
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
	echo "install.sh: $*"
	exit 1
}

unset EXFILD_DATADIR
# a staged installation, and its prefix under another name: nothing may know where it was built
DESTDIR=$place/stage cmake --install "$build" --prefix /usr > "$place/log" || fail "$(cat "$place/log")"
mv "$place/stage/usr" "$place/elsewhere"
cd "$place"
for file in sbin/exfild share/exfild/services.yaml share/man/man5/exfild.yaml.5 \
	share/doc/exfild/LICENSE share/doc/exfild/docs/alert.schema.json share/doc/exfild/README.md share/man/man8/exfild.8; do
	[ -s "elsewhere/$file" ] || fail "$file is not installed"
done
elsewhere/sbin/exfild -V > "$place/version" || fail "exfild -V fails"
grep -q '[0-9]' "$place/version" || fail "exfild -V says no version"
elsewhere/sbin/exfild -q -r "$capture" -o json > alerts || fail "the replay ends with status $?"
grep -q '"id":"dns_tunnel"' alerts || fail "no dns_tunnel in dns_iodine"

# the shipped attacks are files of their own, and fire
[ -z "$(find elsewhere/share/exfild -type l)" ] || fail "a link was installed: $(find elsewhere/share/exfild -type l)"
elsewhere/sbin/exfild --self-test -o text --set alerts.minimum=low > armed || fail "the self-test says: $(cat armed)"
grep -q ' 0 stayed silent' armed || fail "the self-test says: $(cat armed)"

# without its data it says so, unless a package has put some into /usr
if [ ! -e /usr/share/exfild/services.yaml ]; then
	rm -r elsewhere/share/exfild
	status=0
	elsewhere/sbin/exfild -q -r "$capture" -o json > /dev/null 2> said || status=$?
	[ $status -eq 1 ] || fail "without data the status is $status, not 1"
	grep -q EXFILD_DATADIR said || fail "without data it says: $(cat said)"
fi
