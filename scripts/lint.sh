#!/usr/bin/env bash
# Formatting, clippy, the documentation of the core crates, the browser program's dependencies, and licences where cargo-deny is there.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps -p mintreu-control -p mintreu-model -p mintreu-gateway
scripts/check-frontend.sh
if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi
