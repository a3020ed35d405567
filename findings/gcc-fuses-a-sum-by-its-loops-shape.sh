#!/usr/bin/env bash
# GCC 12.2.0 (Debian's g++-12 12.2.0-14+deb12u1), -O3 -ffp-contract=fast -march=znver3.
#
# Expected: with fused multiply-adds allowed and available, every sum of products is made of them, in whatever loop it stands,
# so that a kernel unrolled over one accumulator and one unrolled over four give the same bits.
# Seen: with -march=znver2 and znver3 a loop with one accumulator has a multiplication and an addition, two roundings,
# and the same sum in a loop with four accumulators is fused. -march=haswell and x86-64-v3 fuse both. The reason is the tuning
# parameter avoid-fma-max-bits, 256 bits for these processors; --param=avoid-fma-max-bits=0 makes them alike.
# What it means: on these processors results depend on how a loop was unrolled, under flags that look as if they did not.
#
# Needs Debian 12 on x86-64 and its package archive; nothing is installed outside a temporary folder. Exit code 1 when it is not so any more.
set -euo pipefail
version=12.2.0-14+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "g++-12=$version" >/dev/null
dpkg-deb -x ./*.deb unpacked
compiler=$(find unpacked -name cc1plus)
cat > sums.cc <<'SOURCE'
typedef float V __attribute__((vector_size(32)));
V one(const V* a, const V* b, int n) { V s = {}; for (int i = 0; i < n; ++i) s += a[i] * b[i]; return s; }
void four(const V* a, const V* b, int n, V* out) {
  V s[4] = {};
  for (int i = 0; i < n; ++i) for (int k = 0; k < 4; ++k) s[k] += a[i] * b[4 * i + k];
  for (int k = 0; k < 4; ++k) out[k] = s[k];
}
SOURCE
# "fused instructions of one(), of four()"
fused() {
  "$compiler" -quiet -O3 -ffp-contract=fast "$@" sums.cc -o sums.s
  awk '/^_Z3one/ { f = 1 } /^_Z4four/ { f = 2 } /vfmadd/ { n[f]++ } END { print n[1] + 0, n[2] + 0 }' sums.s
}
status=0
expect() {
  local seen; seen=$(fused "${@:2}")
  echo "${*:2}: fused with one accumulator $(cut -d' ' -f1 <<<"$seen"), with four $(cut -d' ' -f2 <<<"$seen")"
  [ "$seen" = "$1" ] || { echo "  was: $1"; status=1; }
}
expect "1 4" -march=haswell
expect "0 4" -march=znver2
expect "0 4" -march=znver3
expect "1 4" -march=znver3 --param=avoid-fma-max-bits=0
exit $status
