// Arithmetic of int32, which wraps around as in JavaScript's Int32Array, and conversions between types.
#include <cmath>
#include <cstdint>

#include "addon/call.h"
#include "addon/shared-names.h"
#include "elementwise/broadcast.h"
#include "elementwise/element-type.h"
#include "runtime/fail.h"
#include "runtime/threads.h"

namespace {

// Named as tfjs's kernels are.
NAMED_ENUM(IntegerOperation, Add, Sub, Multiply, Maximum, Minimum, FloorDiv, Mod);

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

// Self: the kernel whose call this is, Cast below.
template <class Self, class From, class To, class Convert>
void convert(const Call& call, Convert&& element) {
  const From* from = call.in<From>(Self::Operand::from);
  To* to = call.out<To>(Self::Operand::to);
  parallelRange(call.integer(Self::Number::size), 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = element(from[i]);
  });
}

}  // namespace

KERNEL(BinaryInteger,
       (a, b, OUT(out)),
       (ONE_OF(operation, IntegerOperation), rank, EACH(sizes), EACH(stridesA), EACH(stridesB))) {
  const Broadcast shape(call, Number::rank);
  const int32_t *a = call.in<int32_t>(Operand::a), *b = call.in<int32_t>(Operand::b);
  int32_t* out = call.out<int32_t>(Operand::out);
  using Is = IntegerOperation;
  const Is operation = call.oneOf<Is>(Number::operation);
  switch (operation) {
    case Is::Add: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x + y); });
    case Is::Sub: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x - y); });
    case Is::Multiply: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(x * y); });
    case Is::Maximum: return broadcastScalars(shape, a, b, out, [](int32_t x, int32_t y) { return x > y ? x : y; });
    case Is::Minimum: return broadcastScalars(shape, a, b, out, [](int32_t x, int32_t y) { return x < y ? x : y; });
    case Is::FloorDiv: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) { return wrap(floorDivide(x, y)); });
    case Is::Mod: return broadcastScalars(shape, a, b, out, [](int64_t x, int64_t y) {
      return y == 0 ? 0 : wrap(x - y * floorDivide(x, y));
    });
  }
  failUnknown("operation of int32", static_cast<int64_t>(operation));
}

KERNEL(Cast, (from, OUT(to)), (size, ONE_OF(fromType, ElementType), ONE_OF(toType, ElementType))) {
  using Is = ElementType;
  const int64_t from = call.integer(Number::fromType), to = call.integer(Number::toType);
  constexpr auto both = [](Is a, Is b) { return static_cast<int64_t>(a) * kElementTypes + static_cast<int64_t>(b); };
  switch (from * kElementTypes + to) {
    case both(Is::float32, Is::int32): return convert<Self, float, int32_t>(call, toInteger);
    case both(Is::float32, Is::uint8): return convert<Self, float, uint8_t>(call, [](float x) { return x != 0; });
    case both(Is::int32, Is::float32): return convert<Self, int32_t, float>(call, [](int32_t x) { return static_cast<float>(x); });
    case both(Is::int32, Is::uint8): return convert<Self, int32_t, uint8_t>(call, [](int32_t x) { return x != 0; });
    case both(Is::uint8, Is::float32): return convert<Self, uint8_t, float>(call, [](uint8_t x) { return static_cast<float>(x); });
    case both(Is::uint8, Is::int32):
      return convert<Self, uint8_t, int32_t>(call, [](uint8_t x) { return static_cast<int32_t>(x); });
  }
  failUnknown("conversion", from * kElementTypes + to);
}
