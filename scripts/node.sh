# shellcheck shell=bash
# Sourced: finds or installs what the page and its tests need.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

node_needed=20.19

need_node_modules() {
  have node || die "Node.js $node_needed or newer is needed: https://nodejs.org"
  at_least "$node_needed" "$(node -p process.versions.node)" ||
    die "Node.js $node_needed or newer is needed, this is $(node -p process.versions.node): https://nodejs.org"
  local done=$root/node_modules/.package-lock.json
  if [ -e "$done" ] && [ ! "$root/package-lock.json" -nt "$done" ]; then return; fi
  say 'installing the npm packages'
  (cd "$root" && npm ci --no-fund --no-audit >&2)
  touch "$done"
}

# Exports CHROMIUM, the browser of the tests and benchmarks.
need_chromium() {
  CHROMIUM=$(find_chromium)
  if [ -z "$CHROMIUM" ]; then
    install_chromium
    CHROMIUM=$(find_chromium)
  fi
  have "$CHROMIUM" || die "no Chromium to test with: install one, or name it in CHROMIUM"
  export CHROMIUM
}

find_chromium() {
  local name
  if [ -n "${CHROMIUM:-}" ]; then
    have "$CHROMIUM" || die "CHROMIUM names $CHROMIUM, which cannot be run"
    echo "$CHROMIUM"
    return
  fi
  for name in chromium chromium-browser google-chrome; do
    if have "$name"; then
      command -v "$name"
      return
    fi
  done
  name=$(cd "$root" && node -p 'require("@playwright/test").chromium.executablePath()')
  if [ -x "$name" ]; then echo "$name"; fi
}

install_chromium() {
  # Ubuntu's package of that name is only a pointer to a snap.
  if can_install_from_debian; then
    say 'installing Chromium from Debian'
    apt_install chromium || true
  else
    say "downloading Playwright's Chromium"
    (cd "$root" && npx playwright install chromium >&2) || true
  fi
}

# Exports FIREFOX, the Firefox of the tests.
need_firefox() {
  FIREFOX=$(find_firefox)
  if [ -z "$FIREFOX" ] && can_install_from_debian; then
    say 'installing Firefox from Debian'
    apt_install firefox-esr || die 'could not install firefox-esr'
    FIREFOX=$(find_firefox)
  fi
  [ -n "$FIREFOX" ] || die 'no Firefox to test with: install one, or name it in FIREFOX'
  export FIREFOX
}

find_firefox() {
  local name
  if [ -n "${FIREFOX:-}" ]; then
    command -v "$FIREFOX" || die "FIREFOX names $FIREFOX, which cannot be run"
    return
  fi
  for name in firefox-esr firefox; do
    if command -v "$name"; then return; fi
  done
}

# WebKitGTK's driver, which comes with a browser, and Xvfb, for that browser cannot do without a display.
need_webkit() {
  if ! has_webkit && can_install_from_debian; then
    say 'installing WebKitGTK with its driver, and Xvfb, from Debian'
    apt_install webkit2gtk-driver xvfb xauth || die 'could not install webkit2gtk-driver, xvfb and xauth'
  fi
  has_webkit || die 'no WebKit to test with: WebKitWebDriver (WebKitGTK) and xvfb-run must be in PATH'
}

has_webkit() { have WebKitWebDriver && have xvfb-run && have xauth; }

can_install_from_debian() { grep -qs '^ID=debian$' /etc/os-release && can_be_root; }
