// Elementwise float32 kernels: unary, and binary with broadcasting. An operator is one generic lambda that serves
// vectors and the scalar tail alike; the tables at the end of each section give its code, which src/kernels/elementwise.ts
// repeats by name.
#include <algorithm>
#include <cmath>

#include "call.h"
#include "columns.h"
#include "math.h"
#include "threads.h"

namespace {

constexpr int64_t kGrain = 16384;

template <class Operator>
void unary(const Call& call, Operator&& op) {
  const float* x = call.in<float>(0);
  float* y = call.out<float>(1);
  parallelRange(call.integer(1), kGrain, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) { lanes.put(y + begin + i, op(lanes(x + begin + i))); });
  });
}

// Shapes after merging: `rank` dimensions, outermost first, with the strides of a and b in each (0 where broadcast).
struct Broadcast {
  static constexpr int kMaxRank = 8;
  int rank;
  int64_t sizes[kMaxRank], stridesA[kMaxRank], stridesB[kMaxRank], total = 1;
  explicit Broadcast(const Call& call) : rank(static_cast<int>(call.integer(1))) {
    for (int d = 0; d < rank; ++d) {
      sizes[d] = call.integer(2 + d), stridesA[d] = call.integer(2 + rank + d), stridesB[d] = call.integer(2 + 2 * rank + d);
      total *= sizes[d];
    }
  }
};

template <class Operator>
inline void innerRow(const float* a, int64_t stepA, const float* b, int64_t stepB, float* out, int64_t count, Operator& op) {
  if (stepA == 1 && stepB == 1) {
    eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(out + i, op(lanes(a + i), lanes(b + i))); });
  } else if (stepA == 1 && stepB == 0) {
    const Vec y = splat(*b);
    eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(out + i, op(lanes(a + i), y)); });
  } else if (stepA == 0 && stepB == 1) {
    const Vec x = splat(*a);
    eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(out + i, op(x, lanes(b + i))); });
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = op(splat(a[i * stepA]), splat(b[i * stepB]))[0];
  }
}

template <class Operator>
void binary(const Call& call, Operator&& op) {
  const Broadcast shape(call);
  const float *a = call.in<float>(0), *b = call.in<float>(1);
  float* out = call.out<float>(2);
  const int inner = shape.rank - 1;
  const int64_t width = shape.sizes[inner];
  parallelRange(shape.total, kGrain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t rest = begin / width, atA = 0, atB = 0;
      const int64_t first = begin % width, count = std::min(end - begin, width - first);
      for (int d = inner - 1; d >= 0; --d) {
        const int64_t index = rest % shape.sizes[d];
        rest /= shape.sizes[d];
        atA += index * shape.stridesA[d], atB += index * shape.stridesB[d];
      }
      innerRow(a + atA + first * shape.stridesA[inner], shape.stridesA[inner], b + atB + first * shape.stridesB[inner],
               shape.stridesB[inner], out + begin, count, op);
      begin += count;
    }
  });
}

}  // namespace

// operands: x, y; numbers: code, size, parameter
KERNEL(Unary) {
  const Vec zero{}, one = splat(1.0f), parameter = splat(static_cast<float>(call.number(2)));
  switch (call.integer(0)) {
    case 0: return unary(call, [](Vec x) { return relu(x); });
    // NaN > 0 is false, yet step(NaN) is NaN.
    case 1: return unary(call, [=](Vec x) { return x > zero ? one : x == x ? parameter : x; });
    case 2: return unary(call, [](Vec x) { return -x; });
    case 3: return unary(call, [](Vec x) { return fromBits(bits(x) & 0x7fffffff); });
    case 4: return unary(call, [](Vec x) { return x * x; });
    case 5: return unary(call, [](Vec x) { return squareRoot(x); });
    case 6: return unary(call, [=](Vec x) { return one / squareRoot(x); });
    case 7: return unary(call, [](Vec x) { return exponential(x); });
    case 8: return unary(call, [](Vec x) { return eachLane(x, [](float v) { return std::log(v); }); });
    case 9: return unary(call, [](Vec x) { return logistic(x); });
    case 10: return unary(call, [](Vec x) { return eachLane(x, [](float v) { return std::tanh(v); }); });
    case 11: return unary(call, [=](Vec x) { return minimum(relu(x), splat(6.0f)); });
    case 12: return unary(call, [=](Vec x) { return one / x; });
  }
}

// operands: a, b, out; numbers: code, rank, sizes ..., strides of a ..., strides of b ...
KERNEL(Binary) {
  const Vec zero{}, one = splat(1.0f);
  switch (call.integer(0)) {
    case 0: return binary(call, [](Vec a, Vec b) { return a + b; });
    case 1: return binary(call, [](Vec a, Vec b) { return a - b; });
    case 2: return binary(call, [](Vec a, Vec b) { return a * b; });
    case 3: return binary(call, [](Vec a, Vec b) { return a / b; });
    case 4: return binary(call, [](Vec a, Vec b) { return a == a ? maximum(a, b) : a; });
    case 5: return binary(call, [](Vec a, Vec b) { return a == a ? minimum(a, b) : a; });
    case 6: return binary(call, [](Vec a, Vec b) { return (a - b) * (a - b); });
    // dy * step(x), the gradient of ReLU, in one pass
    case 7: return binary(call, [=](Vec dy, Vec x) { return dy * (x > zero ? one : x == x ? zero : x); });
  }
}

// operands: out; numbers: size, value
KERNEL(Fill) {
  float* out = call.out<float>(0);
  const float value = static_cast<float>(call.number(1));
  parallelRange(call.integer(0), 65536, [&](int64_t begin, int64_t end) { std::fill(out + begin, out + end, value); });
}

// operands: from, to; numbers: size, bytes per element
KERNEL(Copy) {
  const int64_t bytes = call.integer(0) * call.integer(1);
  parallelRange(bytes, 1 << 18, [&](int64_t begin, int64_t end) {
    std::memcpy(call.out<char>(1) + begin, call.in<char>(0) + begin, static_cast<size_t>(end - begin));
  });
}

// operands: from, to; numbers: size, from (0 int32, 1 bool); to float32
KERNEL(CastToFloat) {
  float* out = call.out<float>(1);
  const bool fromBool = call.flag(1);
  parallelRange(call.integer(0), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out[i] = fromBool ? static_cast<float>(call.in<uint8_t>(0)[i]) : static_cast<float>(call.in<int32_t>(0)[i]);
  });
}
