#!/usr/bin/env bash
# Breaks the optimised program on purpose, on both engines: each scenario with a few rounds, or as
# many as the first argument says. One scenario alone: cargo run -p mintreu-faults -- NAME --help
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x target/release/mintreu ] || { echo "faults: target/release/mintreu is missing: run make build" >&2; exit 1; }
cargo run -q -p mintreu-faults -- all --rounds "${1:-5}" --program target/release/mintreu
