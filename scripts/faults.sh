#!/usr/bin/env bash
# Breaks the optimised program on purpose: every scenario with a few rounds, or as --rounds and
# --full say. One scenario alone: cargo run -p mintreu-faults -- NAME; --help lists them.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x target/release/mintreu ] || { echo "faults: target/release/mintreu is missing: run make build" >&2; exit 1; }
cargo run -q -p mintreu-faults -- all --program target/release/mintreu "$@"
