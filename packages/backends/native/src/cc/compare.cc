// Comparisons, logic and selection. A bool is one byte, 0 or 1.
#include <cmath>
#include <cstdint>

#include "broadcast.h"
#include "call.h"
#include "threads.h"

namespace {

template <class Value>
void compare(const Call& call) {
  const Broadcast shape(call, 2);
  const Value *a = call.in<Value>(0), *b = call.in<Value>(1);
  uint8_t* out = call.out<uint8_t>(2);
  switch (call.integer(0)) {
    case 0: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x == y; });
    case 1: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != y; });
    case 2: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x > y; });
    case 3: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x >= y; });
    case 4: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x < y; });
    case 5: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x <= y; });
    case 6: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 && y != 0; });
    case 7: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 || y != 0; });
  }
}

template <class From, class Test>
void eachValue(const Call& call, Test&& test) {
  const From* x = call.in<From>(0);
  uint8_t* out = call.out<uint8_t>(1);
  parallelRange(call.integer(1), 32768, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = test(x[i]);
  });
}

}  // namespace

// operands: a, b, out; numbers: code, type (0 float32, 1 int32, 2 bool), rank, sizes ..., strides of a ..., of b ...
KERNEL(Compare) {
  switch (call.integer(1)) {
    case 0: return compare<float>(call);
    case 1: return compare<int32_t>(call);
    case 2: return compare<uint8_t>(call);
  }
}

// operands: x, out; numbers: code, size. The first takes bool, the others float32.
KERNEL(Test) {
  switch (call.integer(0)) {
    case 0: return eachValue<uint8_t>(call, [](uint8_t x) { return x == 0; });
    case 1: return eachValue<float>(call, [](float x) { return x != x; });
    case 2: return eachValue<float>(call, [](float x) { return std::isinf(x); });
    case 3: return eachValue<float>(call, [](float x) { return std::isfinite(x); });
  }
}

// out = condition ? a : b, elements of four bytes.
// operands: condition (bool), a, b, out; numbers: size
KERNEL(Select) {
  const uint8_t* condition = call.in<uint8_t>(0);
  const int32_t *a = call.in<int32_t>(1), *b = call.in<int32_t>(2);
  int32_t* out = call.out<int32_t>(3);
  parallelRange(call.integer(0), 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = condition[i] ? a[i] : b[i];
  });
}
