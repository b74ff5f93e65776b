#!/usr/bin/env bash
# Times the page's WebGPU module on this machine's graphics card, without a browser: bench-gpu.sh [BATCH [STEPS]]
# shellcheck source=scripts/node.sh
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
cd "$root"

batch=${1:-128} steps=${2:-20}
# Dawn, the WebGPU of Chromium, as a Node package; large, and only for this.
dawn_version=0.6.2
dawn=$tools/webgpu-$dawn_version

need_node_modules
scripts/build.sh light
if [ ! -e "$dawn/node_modules/webgpu/package.json" ]; then
  say "installing the npm package webgpu $dawn_version"
  npm install --prefix "$dawn" --no-fund --no-audit "webgpu@$dawn_version" >&2
fi
node scripts/bench-gpu.mjs "$dawn/node_modules/webgpu/index.js" "$batch" "$steps"
