#!/usr/bin/env bash
# The whole suite: checks, tests on SQLite and PostgreSQL, then journeys and accessibility in a real
# browser against the optimised program, whose sizes are held to their budgets.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
tally=$(mktemp)
trap 'rm -f "$log" "$tally"' EXIT
step() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

step "What runs in the browser"
scripts/check-frontend.sh

step "Tests of the crates, on SQLite and PostgreSQL"
cargo build -q -p mintreu-testing --bin with-postgres
cargo test --workspace --exclude mintreu-frontend --no-run
MINTREU_TEST_TALLY="$tally" target/debug/with-postgres cargo test --workspace --exclude mintreu-frontend 2>&1 | tee "$log"
passed=$(awk '/^test result: ok/ { sum += $4 } END { print sum + 0 }' "$log")

step "The optimised program"
scripts/build.sh
scripts/budgets.sh

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome)}
export CHROMIUM
step "Journeys in a browser, on SQLite"
npm test --silent --prefix end2end 2>&1 | tee "$log"
journeys=$(grep -oE '[0-9]+ passed' "$log" | tail -1 | cut -d' ' -f1)

step "The journeys, on PostgreSQL"
MINTREU_E2E_POSTGRES=1 target/debug/with-postgres npm test --silent --prefix end2end -- newcomer operator rest 2>&1 | tee "$log"
more=$(grep -oE '[0-9]+ passed' "$log" | tail -1 | cut -d' ' -f1)

step "What ran"
printf 'tests of the crates: %s\n' "$passed"
for engine in sqlite postgres; do printf 'cases on %-9s %s\n' "$engine:" "$(grep -c "^$engine$" "$tally")"; done
printf 'browser journeys: %s on SQLite, %s on PostgreSQL\n' "$journeys" "$more"
printf '%s passed, 0 failed\n' "$((passed + journeys + more))"
