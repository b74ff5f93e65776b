#!/usr/bin/env bash
# Evaluates every network the page ships on the data the page ships, for the page to show at once; what is there is left as it
# is, unless `scores.sh again`. Takes minutes.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

models=www/public/models

need_rust
cargo build --features "$native_features" --bin purge

for network in "$models"/*.safetensors; do
  name=$(basename "$network" .safetensors)
  scores=$models/$name.scores
  if [ -e "$scores" ] && [ "${1:-}" != again ]; then continue; fi
  data=www/public/data/${name%%-*}.purge
  if [[ $name = pathmnist-* ]]; then data=www/public/data/pathmnist-light.purge; fi
  [ -e "$data" ] || die "$data is missing: run scripts/data.sh light"
  classes=all
  if [[ $name = *-without-* ]]; then classes=${name##*-without-} classes=${classes%%-*}; fi
  "$CARGO_TARGET_DIR/debug/purge" scores --model "$network" --data "$data" --classes "$classes" --out "$scores"
done
