#!/usr/bin/env bash
# Without a sanitizer: all that is unsafe in the gateway is a hint, and executions count for more.
# Runs each fuzz target for RUNS executions (ten million unless told), or with PLANTED=1 against a
# bug planted for it, which it has to find. cargo-fuzz wants a nightly compiler; what it needs of one
# is in the stable compiler behind RUSTC_BOOTSTRAP.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${RUNS:-10000000}
targets=${*:-head path credential segment answer}
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
export RUSTC_BOOTSTRAP=1
if [ -n "${PLANTED:-}" ]; then export RUSTFLAGS="${RUSTFLAGS:-} --cfg planted"; fi
for target in $targets; do
    seeds="fuzz/seeds/$target"
    corpus="fuzz/corpus/$target"
    mkdir -p "$corpus"
    if [ -n "${PLANTED:-}" ]; then
        if cargo fuzz run -s none "$target" "$corpus" "$seeds" -- -runs="$runs" -max_len=2048 -verbosity=0 >/dev/null 2>&1; then
            echo "$target: the planted bug was not found in $runs executions"
            exit 1
        fi
        echo "$target: the planted bug was found"
    else
        cargo fuzz run -s none "$target" "$corpus" "$seeds" -- -runs="$runs" -max_len=2048 -print_final_stats=1
    fi
done
