#!/usr/bin/env bash
# Builds the optimised program with its browser assets, and the services that ship with it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/scripts/node_modules/.bin:$PATH"

echo "==> Building mintreu (the first time takes several minutes)"
cargo leptos build --release --precompress
echo "==> Building the shop service"
cargo build --release -p mintreu-shop
