// Elementwise float32 kernels: unary, and binary with broadcasting. An operator is one lambda over vectors, also for the
// last, partial one; its code is repeated by name in src/kernels/elementwise.ts.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "broadcast.h"
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

template <class Function>
void unaryLanes(const Call& call, Function&& function) {
  unary(call, [&](Vec x) { return eachLane(x, function); });
}

template <class Operator>
void binary(const Call& call, Operator&& op) {
  const float *a = call.in<float>(0), *b = call.in<float>(1);
  float* out = call.out<float>(2);
  eachRow(Broadcast(call, 1), kGrain, [&](int64_t atA, int64_t stepA, int64_t atB, int64_t stepB, int64_t at, int64_t count) {
    const float *x = a + atA, *y = b + atB;
    float* to = out + at;
    if (stepA == 1 && stepB == 1) {
      eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(to + i, op(lanes(x + i), lanes(y + i))); });
    } else if (stepA == 1) {
      const Vec right = splat(*y);
      eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(to + i, op(lanes(x + i), right)); });
    } else if (stepB == 1) {
      const Vec left = splat(*x);
      eachColumn(count, [&](int64_t i, auto lanes) { lanes.put(to + i, op(left, lanes(y + i))); });
    } else {
      const float value = op(splat(*x), splat(*y))[0];
      std::fill(to, to + count, value);
    }
  });
}

template <class Function>
void binaryLanes(const Call& call, Function&& function) {
  binary(call, [&](Vec a, Vec b) {
    for (int i = 0; i < kLanes; ++i) a[i] = function(a[i], b[i]);
    return a;
  });
}

// As JavaScript's Math.pow: unlike C's, a NaN exponent gives NaN whatever the base, and so does 1 to an infinite power.
float power(float base, float exponent) {
  if (std::isnan(exponent) || (std::fabs(base) == 1 && std::isinf(exponent))) return NAN;
  return std::pow(base, exponent);
}

// The remainder with the sign of the divisor.
float modulo(float a, float b) {
  const float rest = std::fmod(a, b);
  return (a < 0) == (b < 0) ? rest : std::fmod(rest + b, b);
}

}  // namespace

// operands: x, y; numbers: code, size, two parameters
KERNEL(Unary) {
  const Vec zero{}, one = splat(1.0f);
  const Vec first = splat(static_cast<float>(call.number(2))), second = splat(static_cast<float>(call.number(3)));
  switch (call.integer(0)) {
    case 0: return unary(call, [](Vec x) { return relu(x); });
    // step; NaN > 0 is false, yet step(NaN) is NaN
    case 1: return unary(call, [=](Vec x) { return x > zero ? one : x == x ? first : x; });
    case 2: return unary(call, [](Vec x) { return -x; });
    case 3: return unary(call, [](Vec x) { return fromBits(bits(x) & 0x7fffffff); });
    case 4: return unary(call, [](Vec x) { return x * x; });
    case 5: return unary(call, [](Vec x) { return squareRoot(x); });
    case 6: return unary(call, [=](Vec x) { return one / squareRoot(x); });
    case 7: return unary(call, [](Vec x) { return exponential(x); });
    case 8: return unary(call, [](Vec x) { return logarithm(x); });
    case 9: return unary(call, [](Vec x) { return logistic(x); });
    case 10: return unary(call, [](Vec x) { return hyperbolicTangent(x); });
    case 11: return unary(call, [=](Vec x) { return minimum(relu(x), splat(6.0f)); });
    case 12: return unary(call, [=](Vec x) { return one / x; });
    // sign; of NaN it is 0, as in tfjs
    case 13: return unary(call, [=](Vec x) { return x > zero ? one : x < zero ? -one : zero; });
    case 14: return unaryLanes(call, [](float x) { return std::floor(x); });
    case 15: return unaryLanes(call, [](float x) { return std::ceil(x); });
    case 16: return unary(call, [](Vec x) { return roundHalfEven(x); });
    case 17: return unary(call, [](Vec x) { return logarithm1p(x); });
    case 18: return unary(call, [](Vec x) { return exponentialMinus1(x); });
    case 19: return unary(call, [](Vec x) { return softplus(x); });
    case 20: return unary(call, [=](Vec x) { return x < zero ? exponentialMinus1(x) : x; });
    case 21: return unary(call, [=](Vec x) { return x < zero ? first * x : x; });
    // selu, with its two constants as parameters
    case 22: return unary(call, [=](Vec x) { return x < zero ? first * exponentialMinus1(x) : second * x; });
    case 23: return unary(call, [=](Vec x) { return x > second ? second : x < first ? first : x; });
    case 24: return unaryLanes(call, [](float x) { return std::erf(x); });
    case 25: return unaryLanes(call, [](float x) { return std::sin(x); });
    case 26: return unaryLanes(call, [](float x) { return std::cos(x); });
    // near its poles tan needs more digits of the argument's remainder than float32 has
    case 27: return unaryLanes(call, [](float x) { return static_cast<float>(std::tan(static_cast<double>(x))); });
    case 28: return unaryLanes(call, [](float x) { return std::asin(x); });
    case 29: return unaryLanes(call, [](float x) { return std::acos(x); });
    case 30: return unaryLanes(call, [](float x) { return std::atan(x); });
    case 31: return unaryLanes(call, [](float x) { return std::sinh(x); });
    case 32: return unaryLanes(call, [](float x) { return std::cosh(x); });
    case 33: return unaryLanes(call, [](float x) { return std::asinh(x); });
    case 34: return unaryLanes(call, [](float x) { return std::acosh(x); });
    case 35: return unaryLanes(call, [](float x) { return std::atanh(x); });
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
    case 4: return binary(call, [](Vec a, Vec b) { return a == a ? b == b ? maximum(a, b) : b : a; });
    case 5: return binary(call, [](Vec a, Vec b) { return a == a ? b == b ? minimum(a, b) : b : a; });
    case 6: return binary(call, [](Vec a, Vec b) { return (a - b) * (a - b); });
    case 7: return binary(call, [](Vec dy, Vec x) { return reluGradient(dy, x); });
    case 8: return binaryLanes(call, power);
    // prelu: x, alpha
    case 9: return binary(call, [=](Vec x, Vec alpha) { return x < zero ? alpha * x : x; });
    // gradient of elu: dy, y
    case 10: return binary(call, [=](Vec dy, Vec y) { return y >= zero ? dy : dy * (y + one); });
    case 12: return binaryLanes(call, modulo);
    case 13: return binaryLanes(call, [](float a, float b) { return std::atan2(a, b); });
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
