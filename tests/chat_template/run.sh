#!/usr/bin/env bash
# Renders generated conversations with the published chat templates and compares: npm's
# @huggingface/jinja, Python's jinja2 where it is installed, and this project.
# Usage: run.sh [BUILD_DIR [PYTHON]]   (default: build/release; chat_template_reference must be built)
# Exit code: 0 no difference, 1 differences, 3 the reference cannot be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../../build/release}" && pwd)
python=${2:-python3}
data=$(cd "$here/../data" && pwd)
work=$build/chat_template_reference_data

fail() {
  echo "chat_template_reference: $1" >&2
  exit 3
}

for program in chat_template_reference jinja_reference; do
  [[ -x $build/$program ]] || fail "$build/$program is not built"
done

source "$here/../npm_install.sh"
npm_install "$here" "$work" "$here/reference.mjs"
status=0
for template in "$data"/chat_templates/*.jinja; do
  lines=$(basename "$template" .jinja).jsonl
  node reference.mjs "$template" "$lines" 400
  if "$python" -c 'import jinja2' 2>/dev/null; then
    "$python" "$here/reference.py" "$template" "$lines" || status=1
  else
    echo "without Python's jinja2: $(basename "$template")"
  fi
  "$build/chat_template_reference" "$data/tokenizer.json" "$template" "$lines" || status=1
done
# What templates may call, alone and in many forms: of Python's jinja2, which defines it.
if "$python" -c 'import jinja2' 2>/dev/null; then
  "$python" "$here/expressions.py" > expressions.jsonl
  "$build/jinja_reference" expressions.jsonl || status=1
fi
exit $status
