#!/usr/bin/env bash
# The basic part of the fault campaign (SIGKILL; on Postgres, database stopped
# and started; clients cut, black-holed, slow) against Parley, and the Prosody
# and ejabberd of Debian, each with its own files and with Postgres. Prints a
# table in Markdown; reports and what went wrong stay in the folder given.
set -uo pipefail
cd "$(dirname "$0")/../../.."
out=${1:-bin/peers}
kills=${KILLS:-30} database=${DATABASE_FAULTS:-18} messages=${MESSAGES:-33000} users=${USERS:-50}
mkdir -p "$out"
test/faults/peers/install.sh || exit 1
go build -o "$out/faults" ./test/faults || exit 1
for target in parley prosody ejabberd; do
  for store in files postgres; do
    "$out/faults" -target $target -store $store -basic -users "$users" -kills "$kills" -database "$database" \
      -restarts 0 -clients 20 -clock 0 -long 0 -messages "$messages" -bound 0 -json "$out/$target-$store.json" \
      >"$out/$target-$store.txt" 2>"$out/$target-$store.log"
    # Losses make it fail, and are what is to be shown. Anything else has no report.
    tail -n 1 "$out/$target-$store.log" >&2
  done
done
go run ./test/faults/peers "$out"
