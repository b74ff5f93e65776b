#!/usr/bin/env bash
# Builds both modules with wasm-opt and holds what a visitor downloads against the budgets.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

need_rust
install_wasm_opt
scripts/build.sh
node scripts/size.mjs
