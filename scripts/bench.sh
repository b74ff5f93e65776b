#!/usr/bin/env bash
# Measures everything in one run and prints tables: bench.sh [OPTIONS], which bench/README.md lists.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

torch_version=2.15.0
peer=$cache/peer-torch-$torch_version
tfjs_version=4.22.0
jax_version=0.1.25
browser_peers=$cache/peers-tfjs-$tfjs_version-jax-js-$jax_version

# Of our own crate all optimisation, as a release has it; what it depends on is fully optimised in every profile, and so is not
# compiled again.
build_program() {
  say 'the shell, optimised'
  CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
    CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false cargo build --features "$native_features" --bin purge
  # Another build writes to the same place.
  program=$CARGO_TARGET_DIR/bench-purge
  cp "$CARGO_TARGET_DIR/debug/purge" "$program.part"
  mv "$program.part" "$program"
}

# In a virtual environment of its own. The wheels for the processor alone are a tenth of what PyPI has for Linux.
install_torch() {
  if [ -e "$peer/ready" ]; then return; fi
  have python3 || { say 'PyTorch is left out: there is no python3' && return; }
  say "installing PyTorch $torch_version in $peer"
  python3 -m venv "$peer" || return 0
  local pip=("$peer/bin/pip" install --quiet --disable-pip-version-check)
  "${pip[@]}" --retries 0 --timeout 15 --index-url https://download.pytorch.org/whl/cpu "torch==$torch_version" >&2 2>/dev/null ||
    "${pip[@]}" "torch==$torch_version" >&2 || { say 'PyTorch could not be installed' && return; }
  touch "$peer/ready"
}

install_browser_peers() {
  if [ -e "$browser_peers/ready" ]; then return; fi
  say "installing TensorFlow.js $tfjs_version and jax-js $jax_version in $browser_peers"
  npm install --prefix "$browser_peers" --no-fund --no-audit "@tensorflow/tfjs@$tfjs_version" \
    "@tensorflow/tfjs-backend-wasm@$tfjs_version" "@tensorflow/tfjs-backend-webgpu@$tfjs_version" "@jax-js/jax@$jax_version" >&2 ||
    { say 'they could not be installed' && return; }
  touch "$browser_peers/ready"
}

options=()
for option in "$@"; do
  case $option in
    --peer) install_torch ;;
    --peers) install_browser_peers && options+=(--peers) ;;
    *) options+=("$option") ;;
  esac
done

need_rust
need_node_modules
# Where there is none, what needs it says so, and the rest is measured.
(need_chromium) || true
CHROMIUM=$(find_chromium) && export CHROMIUM
scripts/build.sh light
build_program
if [ -e "$peer/ready" ]; then options+=(--python "$peer/bin/python"); fi
if [ -e "$browser_peers/ready" ]; then options+=(--packages "$browser_peers/node_modules"); fi
node bench/bench.mjs --program "$program" "${options[@]}"
