#!/usr/bin/env bash
# Drives the page and the package in Firefox and in WebKit, on the CPU.
# shellcheck source=scripts/node.sh
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
cd "$root"

need_node_modules
need_firefox
need_webkit
scripts/build.sh light
say 'the page in Firefox and in WebKit'
xvfb-run --auto-servernum npm run --silent test:browsers
