#!/bin/sh
# Runs the tests under the address and undefined-behaviour sanitizers (GCC or Clang on Linux). Node itself is not
# instrumented, so the sanitizers' libraries are loaded first; leaks are not looked for, because Node leaks at exit.
# Tensors get blocks of exactly their size, each used once, so that a kernel that oversteps one is caught; but the tests
# of recycled memory run with recycling.
set -e
cd "$(dirname "$0")/.."
compiler=${PRUNEBENCH_CXX:-c++}
export PRUNEBENCH_CXXFLAGS="${PRUNEBENCH_CXXFLAGS:--march=native} -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
PRUNEBENCH_NATIVE_BINARY=$(node src/build-kernels.ts)
export PRUNEBENCH_NATIVE_BINARY
# Little freed memory is held back, so that the tests of flat memory hold here too.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8 UBSAN_OPTIONS=print_stacktrace=1
libraries="$($compiler -print-file-name=libasan.so) $($compiler -print-file-name=libubsan.so)"
run() {
  LD_PRELOAD="$libraries" node ../../../node_modules/ava/entrypoints/cli.js --timeout=20m "$@"
}
if [ $# -gt 0 ]; then
  PRUNEBENCH_EXACT_BLOCKS=1 run "$@"
else
  PRUNEBENCH_EXACT_BLOCKS=1 run 'test/!(memory|build).test.ts'
  run test/memory.test.ts
fi
