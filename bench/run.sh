#!/bin/sh
# The short standard set: Parley on SQLite under each workload, in under three
# minutes. Results: a table on standard output, JSON in bench/out/.
# Further arguments go to every run, e.g. bench/run.sh -full-jid
set -eu
cd "$(dirname "$0")/.."
out=bench/out
mkdir -p "$out"
results=$out/$(date -u +%Y%m%dT%H%M%SZ).jsonl
go build -trimpath -o "$out/parley" ./cmd/parley
go build -trimpath -o "$out/load" ./bench/load

load() {
	workload=$1
	shift
	"$out/load" "$workload" -spawn -parley "$out/parley" -quiet -limit 1m -json "$results" "$@"
}

load login -transport ws -users 500 -count 500 "$@"
load login -transport tcp -users 500 -count 500 "$@"
load login -transport ws -users 500 -count 500 -mechanism HT-SHA-256-NONE "$@"
load chat -transport ws -duration 8s "$@"
load chat -transport tcp -duration 8s "$@"
load rate -transport ws -rate 2000 -duration 10s "$@"
load rate -transport tcp -rate 2000 -duration 10s "$@"
load presence -transport ws -users 100 -duration 8s "$@"
load roster -transport ws -duration 5s "$@"
load offline -transport ws -duration 5s "$@"
load archive -transport ws -duration 5s "$@"
load paging -transport ws -duration 5s "$@"
load idle -transport ws -users 2000 "$@"
load idle -transport tcp -users 2000 "$@"
echo "results: $results"
