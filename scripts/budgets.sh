#!/usr/bin/env bash
# Sizes of what a browser loads, brotli-compressed, held to their budgets.
set -euo pipefail
cd "$(dirname "$0")/.."
over=0
check() { # name, budget in kB, files…
  local name=$1 budget=$2 size
  shift 2
  size=$(cat "$@" | wc -c)
  printf '%-12s %4d.%d kB of %s kB\n' "$name" $((size / 1000)) $((size % 1000 / 100)) "$budget"
  if [ "$size" -gt $((budget * 1000)) ]; then
    echo "  over its budget" >&2
    over=1
  fi
}
check WebAssembly 200 target/site/pkg/*.wasm.br
check JavaScript 20 target/site/pkg/*.js.br
check CSS 20 target/site/pkg/*.css.br
exit $over
