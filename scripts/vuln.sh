#!/usr/bin/env bash
# Looks for known vulnerabilities in what the server is linked from. The database
# is the public one, or a copy: VULNDB=/path/to/folder (its unpacked form, with
# index/modules.json) or VULNDB=https://mirror. Exit codes: 0 none that our code
# reaches, 3 some, anything else: nothing was looked at.
set -euo pipefail

govulncheck=${1:?usage: vuln.sh MODULE@VERSION}
database=${VULNDB:-https://vuln.go.dev}
if [[ $database == /* ]]; then
  [ -f "$database/index/modules.json" ] || { echo "$database has no index/modules.json: it is not a vulnerability database" >&2; exit 2; }
  database=file://$database
elif [[ $database != file://* ]] && ! curl -fsS -m 20 -o /dev/null "$database/index/db.json"; then
  echo "The vulnerability database $database cannot be reached: nothing was looked at." >&2
  echo "Set VULNDB to a folder with a copy (https://vuln.go.dev/vulndb.zip, unpacked) or to a mirror's address." >&2
  exit 2
fi
code=0
out=$(${GO:-go} run "$govulncheck" -db "$database" ./... 2>&1) || code=$?
echo "$out"
# `go run` makes every failure 1; govulncheck itself says 3 when it found some.
if grep -q '^exit status 3$' <<<"$out"; then exit 3; fi
exit "$code"
