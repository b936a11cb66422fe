#!/usr/bin/env bash
# Installs what the build lacks; with "test", "faults" or "bench", what those need as well. Safe to repeat:
# what is there in the right version is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

LEPTOS=0.3.10
say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
need() { command -v "$1" >/dev/null || { echo "setup: $1 is missing: $2" >&2; exit 1; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

need rustup "install it from https://rustup.rs"
need cc "install a C compiler (Debian: apt-get install build-essential)"
need npm "install Node 20 or later"

if ! rustup target list --installed | grep -q wasm32-unknown-unknown; then
  say "Adding the WebAssembly target to the Rust toolchain"
  rustup target add wasm32-unknown-unknown
fi

if ! cargo leptos --version 2>/dev/null | grep -q "$LEPTOS"; then
  say "Building cargo-leptos $LEPTOS (about six minutes, once)"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    CARGO_PROFILE_RELEASE_DEBUG=0 cargo install "cargo-leptos@$LEPTOS" --locked --features no_downloads
fi

# The tool must equal the library that the browser program is linked with.
BINDGEN=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
if ! wasm-bindgen --version 2>/dev/null | grep -qF "$BINDGEN"; then
  say "Building wasm-bindgen $BINDGEN (about two minutes, once)"
  CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    cargo install "wasm-bindgen-cli@$BINDGEN" --force
fi

if [ ! -x scripts/node_modules/.bin/wasm-opt ]; then
  say "Installing wasm-opt"
  npm ci --prefix scripts --no-audit --no-fund
fi

packages=()
postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || packages+=(postgresql); }
redis() { command -v redis-server >/dev/null && command -v redis-cli >/dev/null || packages+=(redis-server); }
case "${1:-build}" in
faults)
  postgres
  redis
  ;;
test)
  postgres
  redis
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || packages+=(chromium)
  ;;
bench)
  [ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] || packages+=(nginx-light libnginx-mod-http-lua)
  [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
  ;;
*) exit 0 ;;
esac
if [ ${#packages[@]} -gt 0 ]; then
  need apt-get "install these yourself: ${packages[*]}"
  say "Installing ${packages[*]}"
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
fi

if [ "$1" = test ] && [ ! -d end2end/node_modules/@playwright/test ]; then
  say "Installing Playwright"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix end2end --no-audit --no-fund
fi
