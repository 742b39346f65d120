#!/usr/bin/env bash
# npm @huggingface/jinja 0.5.11: lstrip('\n') and rstrip('\n') of a chat template drop all white space, not
# only line breaks, so that an answer that begins with spaces is another text than under Python's jinja2
# (which leaves "  code"); Qwen3's own template calls them for every earlier answer with thoughts.
# Source: npm package @huggingface/jinja 0.5.11, rendered below. Exits non-zero if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/jinja@0.5.11 >/dev/null
shown=$(node -e "
const { Template } = require('@huggingface/jinja');
const template = new Template('[{{ text.lstrip(\"\\\\n\") }}]');
console.log(JSON.stringify(template.render({ text: '\n  code' })));")
echo "lstrip('\\n') of a line break, two spaces and 'code': $shown (Python: \"[  code]\")"
[[ $shown == '"[code]"' ]]
