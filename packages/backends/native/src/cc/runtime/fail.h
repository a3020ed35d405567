// The end of a process whose call words make no sense: to go on would read memory that nobody wrote.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>

[[noreturn]] inline void failUnknown(const char* what, int64_t value) {
  std::fprintf(stderr, "native backend: no %s has the number %lld\n", what, static_cast<long long>(value));
  std::abort();
}
