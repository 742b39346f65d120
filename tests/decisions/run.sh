#!/usr/bin/env bash
# Runs a test file against `qaio serve` with clients from npm that ask typed questions.
# Usage: run.sh TEST.mjs [BUILD_DIR]    (default: build/release; qaio must be built there)
# Exit code: 0 passed, 1 failed, 3 the clients cannot be installed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../npm_install.sh"
node_test decision_clients "$@"
