#!/usr/bin/env bash
# What runs in the browser must not depend on what belongs to the server.
set -euo pipefail
cd "$(dirname "$0")/.."

tree=$(cargo tree -p mintreu-frontend --target wasm32-unknown-unknown -e normal --prefix none)
if found=$(grep -E '^(sqlx|axum|tokio|hyper|mintreu-control|mintreu-gateway) ' <<<"$tree" | sort -u); then
  printf 'the browser program depends on server crates:\n%s\n' "$found" >&2
  exit 1
fi
echo "The browser program is free of server crates."
