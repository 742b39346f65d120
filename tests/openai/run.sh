#!/usr/bin/env bash
# Runs a test file against `qaio serve` with the official OpenAI client from npm.
# Usage: run.sh TEST.mjs [BUILD_DIR]    (default: build/release; qaio must be built there)
# Exit code: 0 passed, 1 failed, 3 the client cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test=$(realpath "$1")
build=$(cd "${2:-$here/../../build/release}" && pwd)
work=$build/openai_client

fail() {
  echo "openai_client: $1" >&2
  exit 3
}

command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js and npm are needed"
[[ -x $build/qaio ]] || fail "$build/qaio is not built"

# Installed once per version of the lock file; nothing is written to the source tree.
mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$here"/*.mjs "$work/"
cd "$work"
lock=$(sha256sum package-lock.json | cut -c1-16)
if [[ ! -f installed-$lock ]]; then
  rm -f installed-*
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm ci failed"
  touch "installed-$lock"
fi
QAIO_BINARY=$build/qaio exec node --test "$(basename "$test")"
