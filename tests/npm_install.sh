# Sourced by tests that use packages from npm.

# npm_install SOURCE WORK FILE...: changes to the folder WORK with the packages that SOURCE's lock file
# names, and copies of FILEs. Installed once per version of the lock file; nothing is written to the
# source tree. Calls fail() if it cannot be done.
npm_install() {
  local source=$1 work=$2 lock
  shift 2
  command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js and npm are needed"
  mkdir -p "$work"
  cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$@" "$work/"
  cd "$work"
  lock=$(sha256sum package-lock.json | cut -c1-16)
  [[ ! -f installed-$lock ]] || return 0
  rm -f installed-*
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm ci failed"
  touch "installed-$lock"
}

# node_test NAME TEST_FILE [BUILD_DIR]: runs a test file against `qaio serve` of BUILD_DIR, with the packages
# of its folder's lock file, which are in BUILD_DIR/NAME.
node_test() {
  local name=$1 test build source
  test=$(realpath "$2")
  source=$(dirname "$test")
  build=$(cd "${3:-$source/../../build/release}" && pwd)
  fail() {
    echo "$name: $1" >&2
    exit 3
  }
  [[ -x $build/qaio ]] || fail "$build/qaio is not built"
  npm_install "$source" "$build/$name" "$source"/*.mjs "$source/../server.mjs"
  QAIO_BINARY=$build/qaio exec node --test "$(basename "$test")"
}
