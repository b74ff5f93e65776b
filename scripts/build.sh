#!/usr/bin/env bash
# Builds the two wasm modules, the package around them and the page.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

wasm_features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)

build_module() {
  local module=$1 profile=$2 flags=$3
  local wasm=$CARGO_TARGET_DIR/$wasm_target/$profile/purge_unlearning.wasm
  local out=pkg/dist/$module record=node_modules/.cache/purge-unlearning/$module made_from
  say "compiling the $module module"
  # Cargo.toml's rlib, made beside it, would keep cargo from link-time optimisation.
  RUSTFLAGS=$flags "${wasm_cargo[@]}" rustc --lib --crate-type cdylib --target "$wasm_target" --profile "$profile" \
    --no-default-features --features "$module"

  made_from="$(sha256sum <"$wasm") $bindgen $wasm_opt"
  if [ -e "$out" ] && [ "$(cat "$record" 2>/dev/null)" = "$made_from" ]; then return; fi
  rm -rf "$out" "$record"
  say "writing $out"
  "$bindgen" --target web --remove-name-section --out-dir "$out" --out-name purge_unlearning "$wasm"
  if [ -n "$wasm_opt" ]; then
    say 'shrinking it with wasm-opt'
    "$wasm_opt" -Oz "${wasm_features[@]/#/--enable-}" -o "$out/purge_unlearning_bg.wasm" "$out/purge_unlearning_bg.wasm"
  fi
  mkdir -p "$(dirname "$record")"
  echo "$made_from" >"$record"
}

need_node_modules
need_wasm_rust
need_cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)"
bindgen=$tool
wasm_opt=$(find_wasm_opt)
build_module webgpu web-gpu ''
build_module cpu web-cpu '-C target-feature=+simd128'

say 'building the package and the page'
npm run --silent build
