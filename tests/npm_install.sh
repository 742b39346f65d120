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
