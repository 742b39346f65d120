#!/usr/bin/env bash
# Opens the page of `qaio serve` in Chromium and tests it.
# Usage: run.sh TEST_test.mjs|--install [BUILD_DIR]   (default: build/release; qaio must be built there)
# QAIO_CHROMIUM names the browser (default: chromium of the PATH); QAIO_SCREENSHOTS a folder for pictures.
# Exit code: 0 passed, 1 failed, 3 something that the tests need is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${2:-$here/../../build/release}" && pwd)
work=$build/page_test

fail() {
  echo "page: $1" >&2
  exit 3
}

[[ -x $build/qaio ]] || fail "$build/qaio is not built"
QAIO_CHROMIUM=${QAIO_CHROMIUM:-$(command -v chromium || true)}
[[ -n $QAIO_CHROMIUM ]] || fail "chromium is not installed (./dev test installs it)"
export QAIO_CHROMIUM QAIO_BINARY=$build/qaio

source "$here/../npm_install.sh"
npm_install "$here" "$work" "$here"/*.mjs
[[ $1 != --install ]] || exit 0
exec node --test "$(basename "$1")"
