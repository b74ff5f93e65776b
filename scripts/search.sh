#!/usr/bin/env bash
# Searches the presets of all methods, as docs/searching.md tells: search.sh [NETWORK...]. Every trial is a file in the cache, and one
# that is there is left as it is; AGAIN=1 begins with a clean folder.
# shellcheck source=scripts/networks.sh
. "$(dirname "${BASH_SOURCE[0]}")/networks.sh"
cd "$root"

searches=$cache/searches
classes=1,4,6

# What is searched for: network, data, seconds of a trial, and how a network is trained that does not come with the page.
networks() {
  cat <<'NETWORKS'
mnist-group mnist 30
mnist-batch mnist 30
pathmnist-group pathmnist 100
pathmnist-batch pathmnist 100
mnist-resnet18-16 mnist 60 --network resnet18 --width 16 --epochs 3
NETWORKS
}

# search NETWORK DATA SECONDS OPTION...
search() {
  local name=$1 data=$2 seconds=$3 model=www/public/models/$1.safetensors class
  if [ $# -gt 3 ]; then
    model=$trained/$name.safetensors
    train "$model" "$data" "${@:4}"
    for class in ${classes//,/ }; do
      train "$trained/$name-without-$class.safetensors" "$data" "${@:4}" --without "$class"
    done
  fi
  say "the trials of $name"
  shards "$purge" search --data "$data" --model "$model" --classes "$classes" --limit "$seconds" --out "$searches/$name"
}

build_purge
each networks search "$searches" "$@"
for folder in "$searches"/*; do
  name=$(basename "$folder")
  {
    printf '# The search for %s\n\nEvery setting that was tried, and what was chosen. [searching.md](../searching.md) tells how.\n\n' "$name"
    "$purge" search --collect "$folder"
  } >"docs/results/search-$name.md"
done
"$purge" search --collect "$searches"/* --rust src/unlearning/settings/searched/rows.rs >/dev/null
