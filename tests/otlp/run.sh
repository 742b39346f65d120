#!/usr/bin/env bash
# Holds what `qaio serve` exports against OpenTelemetry's own definition of OTLP, from npm.
# Usage: run.sh TEST.mjs [BUILD_DIR]    (default: build/release; qaio must be built there)
# Exit code: 0 passed, 1 failed, 3 the definition cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test=$(realpath "$1")
build=$(cd "${2:-$here/../../build/release}" && pwd)
work=$build/otlp_receiver

fail() {
  echo "otlp_export: $1" >&2
  exit 3
}

[[ -x $build/qaio ]] || fail "$build/qaio is not built"

source "$here/../npm_install.sh"
npm_install "$here" "$work" "$here"/*.mjs "$here/../openai/server.mjs"
QAIO_BINARY=$build/qaio exec node --test "$(basename "$test")"
