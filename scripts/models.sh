#!/usr/bin/env bash
# Trains every network the page ships; one that is there is left as it is. `models.sh mnist group 3` trains only that one,
# `models.sh mnist group 3 1` the one with another seed. They go into www/public/models, or into the folder MODELS.
# Then `make scores` is due.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

models=${MODELS:-www/public/models}
purge=$CARGO_TARGET_DIR/debug/purge

# train DATA NORM [CLASS LEFT OUT [SEED]]: the references without a class are only ever compared with, so 16 bits do.
train() {
  local name=$1-$2${3:+-without-$3}${4:+-seed-$4}
  local log=$cache/logs/$name.log
  if [ -e "$models/$name.safetensors" ]; then return; fi
  say "training $name"
  # One thread each: two runs side by side beat one on two threads.
  RAYON_NUM_THREADS=1 "$purge" train --data "$1" --norm "$2" ${3:+--without "$3" --half} --seed "${4:-0}" \
    --out "$models/$name.safetensors.part" >"$log" 2>&1 || die "training $name failed, see $log: $(tail -n 1 "$log")"
  mv "$models/$name.safetensors.part" "$models/$name.safetensors"
}

networks() {
  local data norm class classes seeded seed
  for data in mnist pathmnist; do
    classes=10 seeded='3 8'
    if [ "$data" = pathmnist ]; then classes=9 seeded='0 2'; fi
    for norm in group batch; do
      echo "$data $norm"
      for ((class = 0; class < classes; class++)); do echo "$data $norm $class"; done
      # How far one retrained network is from the next.
      for class in $seeded; do
        for seed in 1 2; do echo "$data $norm $class $seed"; done
      done
    done
  done
}

if [ $# -gt 0 ]; then
  train "$@"
else
  need_rust
  mkdir -p "$models" "$cache/logs"
  # Not --release: under our own few lines the tensor library is optimised in either.
  cargo build --features "$native_features" --bin purge
  networks | xargs -P 2 -L 1 "$root/scripts/models.sh"
fi
