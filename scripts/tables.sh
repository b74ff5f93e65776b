#!/usr/bin/env bash
# Makes the tables of docs/RESULTS.md: tables.sh [NETWORK...]. Every result is a file in the cache, and one that is there is left
# as it is; AGAIN=1 begins with a clean folder.
# shellcheck source=scripts/networks.sh
. "$(dirname "${BASH_SOURCE[0]}")/networks.sh"
cd "$root"

results=$cache/results
attacks=membership,probe,few,relearn,compare

# What each table is of: network, data, classes, seeds of the batches and of retraining, and how a network is trained that does not come
# with the page.
tables() {
  cat <<'TABLES'
mnist-group mnist all 3
pathmnist-group pathmnist all 3
cifar10-500 cifar10 0 3 --members 500 --epochs 20
mnist-resnet18-16 mnist 3 1 --network resnet18 --width 16 --epochs 3
pathmnist-resnet18-16 pathmnist 0 1 --network resnet18 --width 16 --members 500 --epochs 24
cifar10-resnet18 cifar10 0 1 --members 500 --epochs 30 --network resnet18 --stem imagenet
TABLES
}

# retrained NETWORK DATA SEEDS: a folder with a network of the page and, for each class, as many retrained without it. The page comes with
# those of the first seed, and with all of two classes.
retrained() {
  local name=$1 data=$2 seeds=$3 shipped=www/public/models folder=$trained/$1 file class seed
  mkdir -p "$folder" "$cache/logs"
  for file in "$shipped/$name"*.safetensors; do ln -sf "$root/$file" "$folder/"; done
  for file in "$shipped/$name-without-"?.safetensors; do
    class=${file%.safetensors} class=${class##*-}
    for ((seed = 1; seed < seeds; seed++)); do echo "$data ${name#"$data-"} $class $seed"; done
  done | MODELS=$folder xargs -P 2 -L 1 "$root/scripts/models.sh"
}

# table NETWORK DATA CLASSES SEEDS OPTION...
table() {
  local name=$1 data=$2 classes=$3 seeds=$4 model=$trained/$1/$1.safetensors non_members=test
  if [ $# -eq 4 ]; then
    retrained "$name" "$data" "$seeds"
  else
    model=$trained/$name.safetensors
    train "$model" "$data" "${@:5}"
    train "$trained/$name-without-$classes.safetensors" "$data" "${@:5}" --without "$classes"
  fi
  # Its test images come from another clinic than those that a network has learnt from.
  if [ "$data" = pathmnist ]; then non_members=val; fi
  say "the runs of $name"
  shards "$purge" table --data "$data" --model "$model" --classes "$classes" --method all --seeds "$seeds" \
    --attacks "$attacks" --non-members "$non_members" --out "$results/$name"
}

build_purge
each tables table "$results" "$@"
"$purge" table --collect "$results"/* --out docs/results --into docs/RESULTS.md >/dev/null
