// What the elementwise operations compute, each one vector at a time: one place for the kernels Unary and Binary and for compiled
// chains, which must give the same bits.
#pragma once
#include "addon/shared-names.h"
#include "simd/math.h"

// Named as tfjs's kernels are.
NAMED_ENUM(UnaryOperation,
           Relu, Step, Neg, Abs, Square, Sqrt, Rsqrt, Exp, Log, Sigmoid, Tanh, Relu6, Reciprocal, Sign, Floor, Ceil, Round,
           Log1p, Expm1, Softplus, Elu, LeakyRelu, Selu, ClipByValue, Erf, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Asinh,
           Acosh, Atanh);
NAMED_ENUM(BinaryOperation,
           Add, Sub, Multiply, RealDiv, Maximum, Minimum, SquaredDifference, ReluGrad, Pow, Prelu, EluGrad, Mod, Atan2);

// `first` and `second` are the operation's parameters, if it has any.
template <UnaryOperation operation>
[[gnu::always_inline]] inline Vec apply(Vec x, Vec first, Vec second) {
  using Is = UnaryOperation;
  const Vec zero{}, one = splat(1.0f);
  if constexpr (operation == Is::Relu) return relu(x);
  // NaN > 0 is false, yet step(NaN) is NaN
  else if constexpr (operation == Is::Step) return x > zero ? one : x == x ? first : x;
  else if constexpr (operation == Is::Neg) return -x;
  else if constexpr (operation == Is::Abs) return fromBits(bits(x) & 0x7fffffff);
  else if constexpr (operation == Is::Square) return x * x;
  else if constexpr (operation == Is::Sqrt) return squareRoot(x);
  else if constexpr (operation == Is::Rsqrt) return one / squareRoot(x);
  else if constexpr (operation == Is::Exp) return exponential(x);
  else if constexpr (operation == Is::Log) return logarithm(x);
  else if constexpr (operation == Is::Sigmoid) return logistic(x);
  else if constexpr (operation == Is::Tanh) return hyperbolicTangent(x);
  else if constexpr (operation == Is::Relu6) return minimum(relu(x), splat(6.0f));
  else if constexpr (operation == Is::Reciprocal) return one / x;
  // of NaN it is 0, as in tfjs
  else if constexpr (operation == Is::Sign) return x > zero ? one : x < zero ? -one : zero;
  else if constexpr (operation == Is::Round) return roundHalfEven(x);
  else if constexpr (operation == Is::Log1p) return logarithm1p(x);
  else if constexpr (operation == Is::Expm1) return exponentialMinus1(x);
  else if constexpr (operation == Is::Softplus) return softplus(x);
  else if constexpr (operation == Is::Elu) return x < zero ? exponentialMinus1(x) : x;
  else if constexpr (operation == Is::LeakyRelu) return x < zero ? first * x : x;
  // with its two constants as parameters
  else if constexpr (operation == Is::Selu) return x < zero ? first * exponentialMinus1(x) : second * x;
  else {
    static_assert(operation == Is::ClipByValue, "of lanes, not of vectors: see elementwise.cc");
    return x > second ? second : x < first ? first : x;
  }
}

template <BinaryOperation operation>
[[gnu::always_inline]] inline Vec apply(Vec a, Vec b) {
  using Is = BinaryOperation;
  if constexpr (operation == Is::Add) return a + b;
  else if constexpr (operation == Is::Sub) return a - b;
  else if constexpr (operation == Is::Multiply) return a * b;
  else if constexpr (operation == Is::RealDiv) return a / b;
  else if constexpr (operation == Is::Maximum) return a == a ? b == b ? maximum(a, b) : b : a;
  else if constexpr (operation == Is::Minimum) return a == a ? b == b ? minimum(a, b) : b : a;
  else if constexpr (operation == Is::SquaredDifference) return (a - b) * (a - b);
  else if constexpr (operation == Is::ReluGrad) return reluGradient(a, b);  // dy, x
  else if constexpr (operation == Is::Prelu) return a < Vec{} ? b * a : a;  // x, alpha
  else {
    static_assert(operation == Is::EluGrad, "of lanes, not of vectors: see elementwise.cc");
    return b >= Vec{} ? a : a * (b + splat(1.0f));  // dy, y
  }
}
