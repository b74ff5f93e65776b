# shellcheck shell=bash
# Sourced: the shell of this clone, and networks that do not come with the page.
# shellcheck source=scripts/rust.sh disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"

purge=$CARGO_TARGET_DIR/debug/purge
trained=$cache/models

build_purge() {
  need_rust
  cargo build --features "$native_features" --bin purge
}

# train FILE DATA OPTION...: leaves a network that is there.
train() {
  mkdir -p "$(dirname "$1")"
  if [ -e "$1" ]; then return; fi
  say "training $1"
  "$purge" train --data "$2" "${@:3}" --out "$1" >"$1.log" 2>&1 || die "training $1 failed, see $1.log"
}

# shards COMMAND...: two of them side by side, for one thread each is quicker than two that share a run.
shards() { printf '%s\n' 1/2 2/2 | RAYON_NUM_THREADS=1 xargs -P 2 -I {} "$@" --shard {}; }

# Results are kept beside the tables that are made of them, for whoever wants to make these again or to go on, packed: KIND-NETWORK.
kept() { printf '%s' "$root/docs/results/kept/$(basename "$1")-$2.tar.xz"; }

# keep FOLDER NETWORK
keep() {
  mkdir -p "$root/docs/results/kept"
  (cd "$1" && find "$2" -name '*.json' | LC_ALL=C sort | tar -cJf "$(kept "$1" "$2")" -T -)
}

# each LIST DO FOLDER NETWORK...: DO with the words of each line that LIST prints, of the networks named or of all. What a network has in
# FOLDER, or kept with the tables, is left as it is, unless AGAIN is set.
each() {
  local list=$1 do=$2 folder=$3 names=${*:4} name line words
  if [ -z "$names" ]; then names=$("$list" | cut -d ' ' -f 1); fi
  for name in $names; do
    line=$("$list" | grep "^$name ") || die "$name is none of: $("$list" | cut -d ' ' -f 1 | tr '\n' ' ')"
    if [ -n "${AGAIN:-}" ]; then
      rm -rf "${folder:?}/$name"
    elif [ ! -d "$folder/$name" ] && [ -e "$(kept "$folder" "$name")" ]; then
      mkdir -p "$folder"
      tar -xJf "$(kept "$folder" "$name")" -C "$folder"
    fi
    read -ra words <<<"$line"
    "$do" "${words[@]}"
    keep "$folder" "$name"
  done
}
