#!/usr/bin/env bash
# Compares the tokenizer with an independent implementation from npm, on the real Qwen1.5 vocabulary,
# split as Qwen1.5 to 3 and as Qwen3.5 split texts.
# Usage: run.sh [BUILD_DIR [--timed]]   (default: build/release; tokenizer_reference must be built there)
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

[[ -x $build/tokenizer_reference ]] || fail "$build/tokenizer_reference is not built"

source "$here/../npm_install.sh"
npm_install "$here" "$work" "$here/reference.mjs"
# Generated once per version of the inputs.
version=$(cat package-lock.json reference.mjs | sha256sum | cut -c1-16)
status=0
for pattern in qwen2 qwen3.5; do
  data=strings-$pattern-$version.jsonl
  if [[ ! -f $data ]]; then
    rm -f "strings-$pattern"-*
    node reference.mjs "$data.tmp" "tokenizer-$pattern.json" "$pattern" "$strings"
    mv "$data.tmp" "$data"
  fi
  echo "split as $pattern:"
  "$build/tokenizer_reference" "tokenizer-$pattern.json" "$data" "${@:2}" || status=1
done
exit $status
