#!/usr/bin/env bash
# Holds what `qaio serve` exports against OpenTelemetry's own definition of OTLP, from npm.
# Usage: run.sh TEST.mjs [BUILD_DIR]    (default: build/release; qaio must be built there)
# Exit code: 0 passed, 1 failed, 3 the definition cannot be installed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../npm_install.sh"
node_test otlp_receiver "$@"
