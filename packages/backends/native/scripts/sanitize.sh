#!/bin/sh
# Runs the tests under the address and undefined-behaviour sanitizers (GCC or Clang on Linux). Node itself is not
# instrumented, so the sanitizers' libraries are loaded first; leaks are not looked for, because Node leaks at exit.
set -e
cd "$(dirname "$0")/.."
compiler=${PRUNEBENCH_CXX:-c++}
export PRUNEBENCH_CXXFLAGS="${PRUNEBENCH_CXXFLAGS:--march=native} -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
PRUNEBENCH_NATIVE_BINARY=$(node src/build-kernels.ts)
export PRUNEBENCH_NATIVE_BINARY
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
libraries="$($compiler -print-file-name=libasan.so) $($compiler -print-file-name=libubsan.so)"
LD_PRELOAD="$libraries" exec node ../../../node_modules/ava/entrypoints/cli.js --timeout=20m "$@"
