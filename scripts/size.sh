#!/usr/bin/env bash
# Builds the modules with wasm-opt and holds what a visitor downloads against the budgets.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

need_node_modules
install_wasm_opt
scripts/build.sh light
node scripts/size.mjs
