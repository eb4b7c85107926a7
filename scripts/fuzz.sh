#!/usr/bin/env bash
# Runs every fuzz target of the module, one after another, for the given time.
set -euo pipefail
time=${1:-30s}
go list ./... | while read -r pkg; do
  go test -list '^Fuzz' "$pkg" | { grep '^Fuzz' || true; } | while read -r target; do
    echo "== $pkg $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1x "$pkg"
  done
done
