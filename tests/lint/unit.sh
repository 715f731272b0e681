#!/bin/bash
# systemd has nothing to say about the unit, and rates its exposure 2.0 or less.
# usage: unit.sh              checks the tree
#        unit.sh --self-test  a unit that gives more away is found
# 77: systemd-analyze is missing.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v systemd-analyze > /dev/null; then
	echo "unit.sh: skipped: Debian package systemd is missing"
	exit 77
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# The program and its pages need not be installed to be judged.  $1: what else sed does to the unit
plant() {
	sed -e 's#^Documentation=.*#Documentation=https://example.org#' \
		-e 's#^\(Exec[A-Z][a-z]*\)=[^ ]*#\1=/bin/true#' -e "${1:-}" systemd/exfild.service > "$place/exfild.service"
}

exposure() {
	systemd-analyze security --offline=true --no-pager --threshold=20 "$place/exfild.service"
}

if [ "${1:-}" = --self-test ]; then
	plant '/^ProtectSystem=/d; /^CapabilityBoundingSet=/d; /^AmbientCapabilities=/d'
	if exposure > "$place/said"; then
		echo "unit.sh: a unit without its bounds was not found"
		exit 1
	fi
	exit 0
fi
plant
status=0
exposure > "$place/said" || status=1
tail -n 1 "$place/said"
if [ $status -ne 0 ]; then grep -v '✓' "$place/said"; fi
said=$(systemd-analyze verify "$place/exfild.service" 2>&1 | grep -F exfild.service || true)
if [ -n "$said" ]; then
	echo "$said"
	status=1
fi
# what the daemon's own sandbox calls must not be refused by the unit's
for call in capset setgroups setresgid setresuid seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self; do
	grep -qE "^SystemCallFilter=([^~].* )?$call( |\$)" systemd/exfild.service || { echo "unit.sh: $call is not allowed"; status=1; }
done
exit $status
