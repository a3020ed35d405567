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

struct Conversion {
  const void* from;
  void* to;
  int64_t size;
};

template <class From, class To, class Convert>
void convert(const Conversion& on, Convert&& element) {
  const From* from = static_cast<const From*>(on.from);
  To* to = static_cast<To*>(on.to);
  parallelRange(on.size, 16384, [&](int64_t begin, int64_t end) {
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
  const Conversion on{call.in<void>(Operand::from), call.out<void>(Operand::to), call.integer(Number::size)};
  const int64_t from = call.integer(Number::fromType), to = call.integer(Number::toType);
  constexpr auto both = [](ElementType a, ElementType b) { return static_cast<int64_t>(a) * kElementTypes + static_cast<int64_t>(b); };
  switch (from * kElementTypes + to) {
    case both(ElementType::float32, ElementType::int32): return convert<float, int32_t>(on, toInteger);
    case both(ElementType::float32, ElementType::uint8): return convert<float, uint8_t>(on, [](float x) { return x != 0; });
    case both(ElementType::int32, ElementType::float32):
      return convert<int32_t, float>(on, [](int32_t x) { return static_cast<float>(x); });
    case both(ElementType::int32, ElementType::uint8): return convert<int32_t, uint8_t>(on, [](int32_t x) { return x != 0; });
    case both(ElementType::uint8, ElementType::float32):
      return convert<uint8_t, float>(on, [](uint8_t x) { return static_cast<float>(x); });
    case both(ElementType::uint8, ElementType::int32):
      return convert<uint8_t, int32_t>(on, [](uint8_t x) { return static_cast<int32_t>(x); });
  }
  failUnknown("conversion", from * kElementTypes + to);
}
