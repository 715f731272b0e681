#!/bin/bash
# The manual pages are mdoc that groff has no complaint about.  77: groff is missing.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v groff > /dev/null; then
	echo "man.sh: skipped: Debian package groff is missing"
	exit 77
fi
status=0
for page in docs/man/*.[0-9]; do
	[ -e "$page" ] || { echo "docs/man holds no page"; exit 1; }
	said=$(groff -mdoc -Tutf8 -ww -z "$page" 2>&1) || status=1
	if [ -n "$said" ]; then
		echo "$said"
		status=1
	fi
done
exit $status
