#!/usr/bin/env bash
# Runs the tasks of the cluster with Snakemake on a few tiny images: networks, runs, tables, and shadow networks.
# shellcheck source=scripts/networks.sh
. "$(dirname "${BASH_SOURCE[0]}")/networks.sh"
cd "$root"

build_purge
snakemake=$cache/tools/snakemake/bin/snakemake
if [ ! -x "$snakemake" ]; then
  say 'installing Snakemake'
  python3 -m venv "$cache/tools/snakemake" || die "Python's venv is needed: on Debian, apt-get install python3-venv"
  "$cache/tools/snakemake/bin/pip" install --quiet snakemake
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/tiny.yaml" <<TINY
out: $folder/results
purge: $purge
methods: purge,deep
seeds: 1
shards: 2
only: grey,grey-1
tasks:
  grey: { data: $root/tests/fixtures/formats/medmnist_grey.npz, classes: [1], train: --epochs 1 --width 8 }
shadow_networks: 2
shadow_methods: purge
shadows:
  grey-1: { data: $root/tests/fixtures/formats/medmnist_grey.npz, norm: group, class: 1 }
TINY
"$snakemake" --quiet all --snakefile cluster/Snakefile --directory "$folder" --cores 2 --configfile "$folder/tiny.yaml" -- all shadows
grep -q '^## PURGE, strict' "$folder/results/grey/grey.md" || die 'the table has no strict runs'
grep -q '"method": "purge"' "$folder/results/shadows/grey-1/shadows.json" || die 'the shadow networks came to nothing'
