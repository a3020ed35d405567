// Integer division as the cutting of work needs it.
#pragma once
#include <cstdint>

// a / b, rounded up, for a >= 0 and b > 0.
constexpr int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
