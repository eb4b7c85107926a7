#!/usr/bin/env bash
# Installs the servers to compare with, builds the programs, and measures. Flags
# go to the comparison (-help shows them). Results: a table in Markdown on
# standard output, every measurement in bin/bench/*.jsonl.
set -euo pipefail
cd "$(dirname "$0")/../.."
test/faults/peers/install.sh
out=bin/bench
mkdir -p "$out"
CGO_ENABLED=0 go build -trimpath -o "$out/parley" ./cmd/parley
go build -trimpath -o "$out/floor" ./bench/floor
go build -trimpath -o "$out/compare" ./bench/compare
exec "$out/compare" -bin "$out" -json "$out/$(date -u +%Y%m%dT%H%M%SZ).jsonl" "$@"
