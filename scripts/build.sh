#!/usr/bin/env bash
# Builds the two wasm modules, the package around them and the page.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

wasm_features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)

# Everything a module is made from: cargo goes by file times, which a fresh clone has all anew.
fingerprint() {
  local files
  files=$(find Cargo.toml Cargo.lock scripts/build.sh src -type f -not -path 'src/bin/*' | LC_ALL=C sort)
  {
    echo "$files"
    xargs git hash-object <<<"$files"
    "${wasm_cargo[@]}" --version
    echo "$@"
  } | git hash-object --stdin
}

build_module() {
  local module=$1 profile=$2 flags=$3 wasm_opt=$4 made
  made=$cache/modules/$module-$(fingerprint "$profile" "$flags" "$wasm_opt")
  if [ ! -e "$made" ]; then
    compile "$@" "$made.part"
    mv "$made.part" "$made"
  fi
  touch "$made"
  if diff -rq "$made" "pkg/dist/$module" >/dev/null 2>&1; then return; fi
  say "writing pkg/dist/$module"
  rm -rf "pkg/dist/$module"
  mkdir -p pkg/dist
  cp -r "$made" "pkg/dist/$module"
}

compile() {
  local module=$1 profile=$2 flags=$3 wasm_opt=$4 out=$5
  say "compiling the $module module"
  RUSTFLAGS=$flags "${wasm_cargo[@]}" build --lib --target "$wasm_target" --profile "$profile" \
    --no-default-features --features "$module"
  rm -rf "$out"
  "$bindgen" --target web --remove-name-section --out-dir "$out" --out-name purge_unlearning \
    "$CARGO_TARGET_DIR/$wasm_target/$profile/purge_unlearning.wasm"
  if [ -n "$wasm_opt" ]; then
    say 'shrinking it with wasm-opt'
    "$wasm_opt" -O1 "${wasm_features[@]/#/--enable-}" -o "$out/purge_unlearning_bg.wasm" "$out/purge_unlearning_bg.wasm"
  fi
}

need_node_modules
need_wasm_rust
need_cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)"
bindgen=$tool
wasm_opt=$(find_wasm_opt)
mkdir -p "$cache/modules"
find "$cache/modules" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
build_module webgpu web-gpu '' "$wasm_opt"
# wasm-opt makes this one slower, and larger to download.
build_module cpu web-cpu '-C target-feature=+simd128' ''

say 'building the package and the page'
npm run --silent build
