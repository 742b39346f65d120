#!/usr/bin/env bash
# Runs a test file against `qaio serve` with OpenAI clients from npm.
# Usage: run.sh TEST.mjs [BUILD_DIR]    (default: build/release; qaio must be built there)
# Exit code: 0 passed, 1 failed, 3 the clients cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test=$(realpath "$1")
build=$(cd "${2:-$here/../../build/release}" && pwd)
work=$build/openai_client

fail() {
  echo "openai_client: $1" >&2
  exit 3
}

[[ -x $build/qaio ]] || fail "$build/qaio is not built"

source "$here/../npm_install.sh"
npm_install "$here" "$work" "$here"/*.mjs
QAIO_BINARY=$build/qaio exec node --test "$(basename "$test")"
