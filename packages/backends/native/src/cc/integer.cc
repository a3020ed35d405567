// Arithmetic of int32, which wraps around as in JavaScript's Int32Array, and conversions between types.
#include <cmath>
#include <cstdint>

#include "broadcast.h"
#include "call.h"
#include "threads.h"

namespace {

int32_t wrap(int64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(value))); }

// JavaScript's ToInt32: truncated towards zero, modulo 2^32; 0 for NaN and the infinities.
int32_t toInteger(float x) {
  if (std::fabs(x) < 2147483648.0f) return static_cast<int32_t>(x);
  if (!std::isfinite(x)) return 0;
  return wrap(static_cast<int64_t>(std::fmod(static_cast<double>(x), 4294967296.0)));
}

int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0) return 0;
  const int64_t quotient = a / b;
  return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

template <class From, class To, class Convert>
void convert(const Call& call, Convert&& element) {
  const From* from = call.in<From>(0);
  To* to = call.out<To>(1);
  parallelRange(call.integer(0), 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = element(from[i]);
  });
}

}  // namespace

// operands: a, b, out; numbers: code, rank, sizes ..., strides of a ..., strides of b ...
KERNEL(BinaryInteger) {
  const Broadcast shape(call, 1);
  const int32_t *a = call.in<int32_t>(0), *b = call.in<int32_t>(1);
  int32_t* out = call.out<int32_t>(2);
  switch (call.integer(0)) {
    case 0: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x + y); });
    case 1: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x - y); });
    case 2: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x * y); });
    case 4: return broadcastScalars(shape, a, b, out, [](int32_t x, int32_t y) { return x > y ? x : y; });
    case 5: return broadcastScalars(shape, a, b, out, [](int32_t x, int32_t y) { return x < y ? x : y; });
    case 11: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(floorDivide(x, y)); });
    case 12: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) {
      return y == 0 ? 0 : wrap(x - y * floorDivide(x, y));
    });
  }
}

// operands: from, to; numbers: size, type of from, type of to (0 float32, 1 int32, 2 bool)
KERNEL(Cast) {
  switch (call.integer(1) * 3 + call.integer(2)) {
    case 1: return convert<float, int32_t>(call, toInteger);
    case 2: return convert<float, uint8_t>(call, [](float x) { return x != 0; });
    case 3: return convert<int32_t, float>(call, [](int32_t x) { return static_cast<float>(x); });
    case 5: return convert<int32_t, uint8_t>(call, [](int32_t x) { return x != 0; });
    case 6: return convert<uint8_t, float>(call, [](uint8_t x) { return static_cast<float>(x); });
    case 7: return convert<uint8_t, int32_t>(call, [](uint8_t x) { return static_cast<int32_t>(x); });
  }
}
