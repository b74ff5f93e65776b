#!/usr/bin/env bash
# Builds the wasm modules into pkg/dist. `modules.sh compile cpu` and the like are its parts, which modules.mk puts in order.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

wasm_features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)

need_bindgen() { need_cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)"; }

# How a module is built. wasm-opt makes the one for the CPU slower, and larger to download.
choose() {
  module=$1 features=$1 rustflags='' shrink=
  case $module in
    webgpu)
      profile=web-gpu
      if [ -x "$wasm_opt" ]; then shrink=$wasm_opt; fi
      ;;
    cpu) profile=web-cpu rustflags='-C target-feature=+simd128' ;;
    # With the same flags, so that only our own crate is compiled again.
    cpu-relaxed) profile=web-cpu features=relaxed-simd rustflags='-C target-feature=+simd128' ;;
    *) die "expected the module webgpu, cpu or cpu-relaxed, found $module" ;;
  esac
  made=$cache/modules/$module-$(fingerprint "$profile" "$rustflags" "$shrink")
}

# Everything a module is made from: cargo goes by file times, which a fresh clone has all anew.
fingerprint() {
  local files
  files=$(find Cargo.toml Cargo.lock scripts/modules.sh src -type f -not -path 'src/bin/*' | LC_ALL=C sort)
  {
    echo "$files"
    xargs git hash-object <<<"$files"
    "${wasm_cargo[@]}" --version
    echo "$@"
  } | git hash-object --stdin
}

# Code that the WebGPU module must do without, for it is a quarter of what a visitor would download. Compiled names tell, which
# are only there before wasm-bindgen.
unwanted='cubek_matmul[0-9.]+(multi_level|launch|routine)|cubek_(convolution|pool|attention|interpolate)'

# Ends where there is such code in a file.
need_none_unwanted() {
  local found
  if found=$(LC_ALL=C grep -aoE "$unwanted" "$1" | LC_ALL=C sort -u); then
    die "the $module module has code of ${found//$'\n'/, }: something calls burn's matmul, a convolution, pool, attention or \
interpolation. docs/module-size.md says what to call instead."
  fi
}

# compile MODULE: as far as cargo goes.
compile() {
  need_wasm_rust
  choose "$1"
  if [ -e "$made" ]; then return; fi
  say "compiling the $module module"
  # Else cargo would take what another clone has compiled since these files were written.
  touch src/lib.rs
  RUSTFLAGS=$rustflags CARGO_TERM_PROGRESS_WHEN=never "${wasm_cargo[@]}" build --lib --target "$wasm_target" \
    --profile "$profile" --no-default-features --features "$features"
  if [ "$module" = webgpu ]; then need_none_unwanted "$CARGO_TARGET_DIR/$wasm_target/$profile/purge_unlearning.wasm"; fi
  # At once, before another clone's build writes there.
  mkdir -p "$cache/modules"
  cp "$CARGO_TARGET_DIR/$wasm_target/$profile/purge_unlearning.wasm" "$made.wasm"
}

# finish MODULE: puts what was compiled, or lies in the cache, into pkg/dist.
finish() {
  choose "$1"
  if [ ! -e "$made" ]; then
    rm -rf "$made.part"
    "$tool" --target web --no-typescript --remove-name-section --out-dir "$made.part" --out-name purge_unlearning "$made.wasm"
    if [ -n "$shrink" ]; then
      say "shrinking the $module module with wasm-opt"
      "$shrink" -O1 "${wasm_features[@]/#/--enable-}" \
        -o "$made.part/purge_unlearning_bg.wasm" "$made.part/purge_unlearning_bg.wasm"
    fi
    mv "$made.part" "$made"
    rm "$made.wasm"
  fi
  touch "$made"
  if diff -rq "$made" "pkg/dist/$module" >/dev/null 2>&1; then return; fi
  say "writing pkg/dist/$module"
  rm -rf "pkg/dist/$module"
  mkdir -p pkg/dist
  cp -r "$made" "pkg/dist/$module"
}

if [ $# -gt 0 ]; then
  "$@"
  exit
fi

need_rust
# Not with the flags of the make that may have called this: their jobs are none of ours.
env -u MAKEFLAGS make --no-print-directory --silent -j "$(getconf _NPROCESSORS_ONLN)" -f scripts/modules.mk
need_wasm_rust
need_bindgen
mkdir -p "$cache/modules"
find "$cache/modules" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
finish webgpu
finish cpu
finish cpu-relaxed
