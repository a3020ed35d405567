// Elementwise float32 kernels: unary, and binary with broadcasting. An operator is one lambda over vectors, also for the
// last, partial one.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "addon/call.h"
#include "elementwise/broadcast.h"
#include "elementwise/operations.h"
#include "runtime/fail.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

constexpr int64_t kGrain = 16384;

// Self: the kernel whose call this is, Unary or Binary below.
template <class Self, class Operator>
void unary(const Call& call, Operator&& op) {
  const float* x = call.in<float>(Self::Operand::x);
  float* y = call.out<float>(Self::Operand::y);
  parallelRange(call.integer(Self::Number::size), kGrain, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) { lanes.put(y + begin + i, op(lanes(x + begin + i))); });
  });
}

template <class Self, UnaryOperation operation>
void unary(const Call& call) {
  const Vec first = splat(static_cast<float>(call.number(Self::Number::first)));
  const Vec second = splat(static_cast<float>(call.number(Self::Number::second)));
  unary<Self>(call, [=](Vec x) { return apply<operation>(x, first, second); });
}

template <class Self, class Function>
void unaryLanes(const Call& call, Function&& function) {
  unary<Self>(call, [&](Vec x) { return eachLane(x, function); });
}

template <class Self, class Operator>
void binary(const Call& call, Operator&& op) {
  const float *a = call.in<float>(Self::Operand::a), *b = call.in<float>(Self::Operand::b);
  float* out = call.out<float>(Self::Operand::out);
  eachRow(Broadcast(call, Self::Number::rank), kGrain, [&](int64_t atA, int64_t stepA, int64_t atB, int64_t stepB, int64_t at,
                                                           int64_t count) {
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

template <class Self, BinaryOperation operation>
void binary(const Call& call) {
  binary<Self>(call, [](Vec a, Vec b) { return apply<operation>(a, b); });
}

template <class Self, class Function>
void binaryLanes(const Call& call, Function&& function) {
  binary<Self>(call, [&](Vec a, Vec b) {
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

// `first` and `second` are the operation's parameters, if it has any.
KERNEL(Unary, (x, OUT(y)), (ONE_OF(operation, UnaryOperation), size, first, second)) {
  using Is = UnaryOperation;
  const Is operation = call.oneOf<Is>(Number::operation);
  switch (operation) {
    case Is::Relu: return unary<Self, Is::Relu>(call);
    case Is::Step: return unary<Self, Is::Step>(call);
    case Is::Neg: return unary<Self, Is::Neg>(call);
    case Is::Abs: return unary<Self, Is::Abs>(call);
    case Is::Square: return unary<Self, Is::Square>(call);
    case Is::Sqrt: return unary<Self, Is::Sqrt>(call);
    case Is::Rsqrt: return unary<Self, Is::Rsqrt>(call);
    case Is::Exp: return unary<Self, Is::Exp>(call);
    case Is::Log: return unary<Self, Is::Log>(call);
    case Is::Sigmoid: return unary<Self, Is::Sigmoid>(call);
    case Is::Tanh: return unary<Self, Is::Tanh>(call);
    case Is::Relu6: return unary<Self, Is::Relu6>(call);
    case Is::Reciprocal: return unary<Self, Is::Reciprocal>(call);
    case Is::Sign: return unary<Self, Is::Sign>(call);
    case Is::Floor: return unaryLanes<Self>(call, [](float x) { return std::floor(x); });
    case Is::Ceil: return unaryLanes<Self>(call, [](float x) { return std::ceil(x); });
    case Is::Round: return unary<Self, Is::Round>(call);
    case Is::Log1p: return unary<Self, Is::Log1p>(call);
    case Is::Expm1: return unary<Self, Is::Expm1>(call);
    case Is::Softplus: return unary<Self, Is::Softplus>(call);
    case Is::Elu: return unary<Self, Is::Elu>(call);
    case Is::LeakyRelu: return unary<Self, Is::LeakyRelu>(call);
    case Is::Selu: return unary<Self, Is::Selu>(call);
    case Is::ClipByValue: return unary<Self, Is::ClipByValue>(call);
    case Is::Erf: return unaryLanes<Self>(call, [](float x) { return std::erf(x); });
    case Is::Sin: return unaryLanes<Self>(call, [](float x) { return std::sin(x); });
    case Is::Cos: return unaryLanes<Self>(call, [](float x) { return std::cos(x); });
    // near its poles tan needs more digits of the argument's remainder than float32 has
    case Is::Tan: return unaryLanes<Self>(call, [](float x) { return static_cast<float>(std::tan(static_cast<double>(x))); });
    case Is::Asin: return unaryLanes<Self>(call, [](float x) { return std::asin(x); });
    case Is::Acos: return unaryLanes<Self>(call, [](float x) { return std::acos(x); });
    case Is::Atan: return unaryLanes<Self>(call, [](float x) { return std::atan(x); });
    case Is::Sinh: return unaryLanes<Self>(call, [](float x) { return std::sinh(x); });
    case Is::Cosh: return unaryLanes<Self>(call, [](float x) { return std::cosh(x); });
    case Is::Asinh: return unaryLanes<Self>(call, [](float x) { return std::asinh(x); });
    case Is::Acosh: return unaryLanes<Self>(call, [](float x) { return std::acosh(x); });
    case Is::Atanh: return unaryLanes<Self>(call, [](float x) { return std::atanh(x); });
  }
  failUnknown("unary operation", static_cast<int64_t>(operation));
}

KERNEL(Binary, (a, b, OUT(out)), (ONE_OF(operation, BinaryOperation), rank, EACH(sizes), EACH(stridesA), EACH(stridesB))) {
  using Is = BinaryOperation;
  const Is operation = call.oneOf<Is>(Number::operation);
  switch (operation) {
    case Is::Add: return binary<Self, Is::Add>(call);
    case Is::Sub: return binary<Self, Is::Sub>(call);
    case Is::Multiply: return binary<Self, Is::Multiply>(call);
    case Is::RealDiv: return binary<Self, Is::RealDiv>(call);
    case Is::Maximum: return binary<Self, Is::Maximum>(call);
    case Is::Minimum: return binary<Self, Is::Minimum>(call);
    case Is::SquaredDifference: return binary<Self, Is::SquaredDifference>(call);
    case Is::ReluGrad: return binary<Self, Is::ReluGrad>(call);
    case Is::Pow: return binaryLanes<Self>(call, power);
    case Is::Prelu: return binary<Self, Is::Prelu>(call);
    case Is::EluGrad: return binary<Self, Is::EluGrad>(call);
    case Is::Mod: return binaryLanes<Self>(call, modulo);
    case Is::Atan2: return binaryLanes<Self>(call, [](float a, float b) { return std::atan2(a, b); });
  }
  failUnknown("binary operation", static_cast<int64_t>(operation));
}

KERNEL(Fill, (OUT(out)), (size, value)) {
  float* out = call.out<float>(Operand::out);
  const float value = static_cast<float>(call.number(Number::value));
  parallelRange(call.integer(Number::size), 65536, [&](int64_t begin, int64_t end) { std::fill(out + begin, out + end, value); });
}

KERNEL(Copy, (from, OUT(to)), (size, bytesPerElement)) {
  const int64_t bytes = call.integer(Number::size) * call.integer(Number::bytesPerElement);
  parallelRange(bytes, 1 << 18, [&](int64_t begin, int64_t end) {
    std::memcpy(call.out<char>(Operand::to) + begin, call.in<char>(Operand::from) + begin, static_cast<size_t>(end - begin));
  });
}
