#!/usr/bin/env bash
# A visitor who does anything at all on the built page: walk.sh [SECONDS [SEED]]
# shellcheck source=scripts/node.sh
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
cd "$root"

export WALK_SECONDS=${1:-300} WALK_SEED=${2:-$RANDOM}
need_node_modules
need_chromium
scripts/build.sh light
say "a walk of $WALK_SECONDS s, seed $WALK_SEED"
npx playwright test tests/browser/walk.spec.ts
