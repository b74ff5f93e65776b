#!/usr/bin/env bash
# Holds the GPU's kernels against burn's operations on the CPU, natively. A driver of software, such as Mesa's lavapipe, will do.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

need_rust
cargo test --lib --features "$native_features,webgpu" kernels::gpu
