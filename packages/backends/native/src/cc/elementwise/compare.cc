// Comparisons, logic and selection. A bool is one byte, 0 or 1.
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
NAMED_ENUM(Comparison, Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual, LogicalAnd, LogicalOr);
NAMED_ENUM(Predicate, LogicalNot, IsNan, IsInf, IsFinite);

// Self: the kernel whose call this is, Compare or Test below.
template <class Self, class Value>
void compare(const Call& call) {
  const Broadcast shape(call, Self::Number::rank);
  const Value *a = call.in<Value>(Self::Operand::a), *b = call.in<Value>(Self::Operand::b);
  uint8_t* out = call.out<uint8_t>(Self::Operand::out);
  using Is = Comparison;
  const Is operation = call.oneOf<Is>(Self::Number::operation);
  switch (operation) {
    case Is::Equal: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x == y; });
    case Is::NotEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != y; });
    case Is::Greater: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x > y; });
    case Is::GreaterEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x >= y; });
    case Is::Less: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x < y; });
    case Is::LessEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x <= y; });
    case Is::LogicalAnd: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 && y != 0; });
    case Is::LogicalOr: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 || y != 0; });
  }
  failUnknown("comparison", static_cast<int64_t>(operation));
}

template <class Self, class From, class Test>
void eachValue(const Call& call, Test&& test) {
  const From* x = call.in<From>(Self::Operand::x);
  uint8_t* out = call.out<uint8_t>(Self::Operand::out);
  parallelRange(call.integer(Self::Number::size), 32768, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = test(x[i]);
  });
}

}  // namespace

KERNEL(Compare,
       (a, b, OUT(out)),
       (ONE_OF(operation, Comparison), ONE_OF(type, ElementType), rank, EACH(sizes), EACH(stridesA), EACH(stridesB))) {
  const ElementType type = call.oneOf<ElementType>(Number::type);
  switch (type) {
    case ElementType::float32: return compare<Self, float>(call);
    case ElementType::int32: return compare<Self, int32_t>(call);
    case ElementType::uint8: return compare<Self, uint8_t>(call);
  }
  failUnknown("element type", static_cast<int64_t>(type));
}

// LogicalNot takes bool, the others float32.
KERNEL(Test, (x, OUT(out)), (ONE_OF(operation, Predicate), size)) {
  using Is = Predicate;
  const Is operation = call.oneOf<Is>(Number::operation);
  switch (operation) {
    case Is::LogicalNot: return eachValue<Self, uint8_t>(call, [](uint8_t x) { return x == 0; });
    case Is::IsNan: return eachValue<Self, float>(call, [](float x) { return x != x; });
    case Is::IsInf: return eachValue<Self, float>(call, [](float x) { return std::isinf(x); });
    case Is::IsFinite: return eachValue<Self, float>(call, [](float x) { return std::isfinite(x); });
  }
  failUnknown("predicate", static_cast<int64_t>(operation));
}

// out = condition ? a : b; the condition is bool, the others are elements of four bytes.
KERNEL(Select, (condition, a, b, OUT(out)), (size)) {
  const uint8_t* condition = call.in<uint8_t>(Operand::condition);
  const int32_t *a = call.in<int32_t>(Operand::a), *b = call.in<int32_t>(Operand::b);
  int32_t* out = call.out<int32_t>(Operand::out);
  parallelRange(call.integer(Number::size), 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = condition[i] ? a[i] : b[i];
  });
}
