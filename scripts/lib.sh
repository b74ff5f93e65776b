# shellcheck shell=bash
# Sourced by the other scripts.
# shellcheck disable=SC2034
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Outside the clone, so that compiled dependencies and tools outlive it.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/purge-unlearning
tools=$cache/tools
downloads=$cache/data
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}

if [ -z "${PURGE_DATA_DIR:-}" ] && [ -d "$downloads" ]; then export PURGE_DATA_DIR=$downloads; fi

rust_needed=1.95
wasm_target=wasm32-unknown-unknown
native_features=cpu,cli

say() { printf '%s\n' "- $*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED FOUND: compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# apt_install PACKAGE...: refreshes the lists first, for an old list offers a Rust that cannot build burn.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# Prints the PathMNIST file in PURGE_DATA_DIR, the official one first; nothing where there is none.
find_pathmnist() {
  local name
  for name in pathmnist/pathmnist.npz pathmnist.npz pathmnist/pathmnist-2000.npz; do
    if [ -n "${PURGE_DATA_DIR:-}" ] && [ -e "$PURGE_DATA_DIR/$name" ]; then
      echo "$PURGE_DATA_DIR/$name"
      return
    fi
  done
}

# The newest version of a crate that Cargo.lock names.
locked_version() {
  awk -v name="$1" '$1 == "name" { found = ($3 == "\"" name "\"") } found && $1 == "version" { gsub(/"/, "", $3); print $3 }' \
    "$root/Cargo.lock" | sort -V | tail -n 1
}
