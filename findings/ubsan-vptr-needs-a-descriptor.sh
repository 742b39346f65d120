#!/usr/bin/env bash
# GCC 12.2 (libubsan 1, Debian 12): -fsanitize=vptr takes a valid object for one of a wrong type while the process
# has no file descriptor left, as its runtime looks at memory through a pipe that it then cannot open. A server that
# is tested at its limit of descriptors with -fsanitize=undefined ends in "object has invalid vptr".
# Source: g++ 12.2.0-14+deb12u1 of Debian, run below. Exits non-zero if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/shape.cpp" <<'CPP'
#include <sys/resource.h>
struct Shape {
  virtual ~Shape() = default;
  virtual int sides() const { return 0; }
};
struct Square : Shape {
  int sides() const override { return 4; }
};
int main(int count, char**) {
  Shape* shape = new Square;
  if (count > 1) {  // no descriptor beyond the three that are open
    const rlimit none = {3, 3};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  const int sides = shape->sides();
  delete shape;
  return sides == 4 ? 0 : 2;
}
CPP
g++ --version | head -1
g++ -std=c++20 -g -fsanitize=undefined "$work/shape.cpp" -o "$work/shape"
free=$("$work/shape" 2>&1 3>&-)
none=$("$work/shape" limited 2>&1 3>&- || true)
echo "with descriptors: ${free:-nothing is reported}"
echo "without: $(grep -m 1 -o 'runtime error: .*' <<<"$none" || echo 'nothing is reported')"
[[ -z $free && $none == *'invalid vptr'* ]]
