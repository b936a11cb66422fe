#!/usr/bin/env bash
# Formatting, clippy, the browser program's dependencies, and licences where cargo-deny is there.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --all-targets -- -D warnings
scripts/check-frontend.sh
if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi
