#!/usr/bin/env bash
# Every check there is, the quick ones first.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

need_rust
need_rust_checkers
need_node_modules
need_wasm_rust
need_chromium

say 'formatting and lints of TypeScript and Svelte'
npm run --silent format
npm run --silent lint
npm run --silent check
npm run --silent test

say 'formatting and lints of Rust'
cargo fmt --check
cargo fmt --check --manifest-path fuzz/Cargo.toml
cargo clippy --all-targets --features "$native_features" -- -D warnings
"${wasm_clippy[@]}" --lib --target "$wasm_target" --no-default-features --features cpu -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --lib --features "$native_features"

say 'Rust tests'
cargo test --features "$native_features"
scripts/fuzz.sh 3

scripts/build.sh light
node scripts/check-package.mjs
say 'the page in Chromium'
npm run --silent test:browser
say 'whatever a visitor does, and workers that die, with two workers and with three'
WORKERS=2 WALK_SEED=4 npx playwright test tests/browser/walk.spec.ts
WORKERS=3 npx playwright test tests/browser/death.spec.ts
