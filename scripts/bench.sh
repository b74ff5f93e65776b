#!/usr/bin/env bash
# Times PURGE on MNIST, natively and in Chromium, and prints a table.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

need_rust
need_node_modules
need_chromium
scripts/build.sh light

# Not --release, which would compile everything again: the tensor library, where the time goes, is optimised in either.
cargo build --features "$native_features" --bin purge
native=$(mktemp)
trap 'rm -f "$native"' EXIT
say 'native CPU'
"$CARGO_TARGET_DIR/debug/purge" bench --model www/public/models/mnist-group.safetensors --data mnist --class 3 --layers --json "$native" >&2
node scripts/bench-web.mjs "$native"
