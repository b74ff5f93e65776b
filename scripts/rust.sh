# shellcheck shell=bash
# Sourced: finds or installs what compiles Rust, natively and to WebAssembly.
# shellcheck source=scripts/lib.sh disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

debian_packages=(rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web)
debian_rustlib=/usr/lib/rustlib

rustc_version() { "$1" --version | cut -d ' ' -f 2; }

need_rust() {
  claim_target
  if ! have cargo; then
    if ! have apt-get || ! can_be_root; then
      die "Rust $rust_needed or newer is needed: install it with rustup, https://rustup.rs"
    fi
    install_debian_rust
  fi
  at_least "$rust_needed" "$(rustc_version rustc)" ||
    die "Rust $rust_needed or newer is needed, this is $(rustc_version rustc): run 'rustup update stable'"
}

# Clones share the target folder, and cargo goes by file times: what another clone compiled after the files here were written
# would pass for theirs.
claim_target() {
  local owner=$CARGO_TARGET_DIR/clone
  if [ "$(cat "$owner" 2>/dev/null)" = "$root" ]; then return; fi
  find "$root/src" "$root/tests" "$root/fuzz" -name '*.rs' -exec touch {} +
  mkdir -p "$CARGO_TARGET_DIR"
  echo "$root" >"$owner"
}

install_debian_rust() {
  say "installing Debian's Rust for browsers: ${debian_packages[*]}"
  apt_install "${debian_packages[@]}" ||
    die "could not install ${debian_packages[*]}; with rustup, 'rustup target add $wasm_target' is enough"
  at_least "$rust_needed" "$(rustc_version /usr/bin/rustc)" ||
    die "Debian's rustc-web is $(rustc_version /usr/bin/rustc), $rust_needed or newer is needed: install Rust with rustup"
}

need_rust_checkers() {
  if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then return; fi
  have rustup || die 'cargo fmt and cargo clippy are needed: install rustfmt and clippy for this Rust'
  say 'adding rustfmt and clippy with rustup'
  rustup component add rustfmt clippy >&2
}

# Sets wasm_cargo to a cargo that can build for wasm32, and wasm_clippy to its clippy.
need_wasm_rust() {
  need_rust
  wasm_cargo=(cargo)
  wasm_clippy=(cargo clippy)
  if has_wasm_std; then return; fi
  if ! debian_wasm_ready && have rustup; then
    say "adding the $wasm_target target with rustup"
    if at_most 180 rustup target add "$wasm_target" >&2; then return; fi
    say "rustup could not download it"
  fi
  debian_wasm_ready || make_debian_wasm
  # Called by path: in front of them in PATH may be rustup's, of another version.
  wasm_cargo=(env RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="wasm-ld-$(debian_llvm)" /usr/bin/cargo)
  wasm_clippy=(env RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo /usr/bin/cargo-clippy clippy)
}

# at_most SECONDS COMMAND...: with a limit where there is a timeout, which macOS does not have.
at_most() { if have timeout; then timeout "$@"; else "${@:2}"; fi; }

has_wasm_std() {
  local libraries
  libraries=$(rustc --print target-libdir --target "$wasm_target")
  # With built-by beside them they are ours for Debian's rustc, which needs more than that.
  [ ! -e "$libraries/../built-by" ] && compgen -G "$libraries/libstd-*" >/dev/null
}

debian_wasm_ready() { debian_std_ready && [ -x /usr/bin/cargo-clippy ] && have "wasm-ld-$(debian_llvm)"; }

# rustc's own LLVM; a linker of another one may not understand its objects.
debian_llvm() { /usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'; }

debian_std_ready() {
  [ -x /usr/bin/rustc ] && [ "$(cat "$debian_rustlib/$wasm_target/built-by" 2>/dev/null)" = "$(/usr/bin/rustc --version)" ]
}

make_debian_wasm() {
  if ! have apt-get || ! can_be_root; then
    die "the $wasm_target target is missing: run 'rustup target add $wasm_target', or install ${debian_packages[*]} as root"
  fi
  install_debian_rust
  say "installing the linker lld-$(debian_llvm)"
  apt_install "lld-$(debian_llvm)"
  debian_std_ready || build_debian_std
}

# Debian ships no std for wasm32, but its source: built once, it stands where rustc looks for it.
build_debian_std() {
  local work
  say "building std for $wasm_target, once"
  work=$(mktemp -d)
  cp -rL "$debian_rustlib/src/rust/library" "$work/library"
  (
    cd "$work/library"
    # The way Rust itself is built; RUSTC_BOOTSTRAP because std uses unstable features.
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=stablestd \
      RUSTFLAGS='-Cembed-bitcode=yes -Zforce-unstable-if-unmarked -Cdebuginfo=0' \
      CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
      /usr/bin/cargo build --quiet --release --locked --target "$wasm_target" --target-dir "$work/target" \
      --manifest-path sysroot/Cargo.toml --features 'panic-unwind compiler-builtins-mem'
  )
  as_root rm -rf "${debian_rustlib:?}/$wasm_target"
  as_root mkdir -p "$debian_rustlib/$wasm_target/lib"
  as_root cp "$work/target/$wasm_target"/release/deps/*.rlib "$debian_rustlib/$wasm_target/lib/"
  /usr/bin/rustc --version | as_root tee "$debian_rustlib/$wasm_target/built-by" >/dev/null
  rm -rf "$work"
}

# need_cargo_tool COMMAND CRATE VERSION: sets tool to the command, of exactly this version.
need_cargo_tool() {
  local command=$1 crate=$2 version=$3
  tool=$tools/$crate-$version/bin/$command
  if [ -x "$tool" ]; then return; fi
  if have "$command" && [[ "$("$command" --version)" =~ (^|[[:space:]])"$version"($|[[:space:]]) ]]; then
    tool=$(command -v "$command")
    return
  fi
  say "installing $crate $version"
  # Little optimised, for compiling such a tool takes longer than all it will ever do.
  local install=(env CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo install --quiet --version "=$version" --root "$tools/$crate-$version" --target-dir "$tools/target" "$crate")
  # A registry mirror may lack one of the locked dependencies.
  "${install[@]}" --locked || { say 'trying without its lock file' && "${install[@]}"; }
}

# Debian's is too old: what it writes does not load.
binaryen_version=132.0.0
wasm_opt=$tools/binaryen-$binaryen_version/node_modules/.bin/wasm-opt

# Of npm, whose build runs in Node.
install_wasm_opt() {
  if [ -x "$wasm_opt" ]; then return; fi
  say "installing binaryen $binaryen_version"
  npm install --no-fund --no-audit --prefix "$tools/binaryen-$binaryen_version" "binaryen@$binaryen_version" >&2
}
