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

struct Compared {
  Comparison operation;
  const void *a, *b;
  uint8_t* out;
  Broadcast shape;
};

template <class Value>
void compare(const Compared& on) {
  const Broadcast& shape = on.shape;
  const Value *a = static_cast<const Value*>(on.a), *b = static_cast<const Value*>(on.b);
  uint8_t* out = on.out;
  using Is = Comparison;
  switch (on.operation) {
    case Is::Equal: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x == y; });
    case Is::NotEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != y; });
    case Is::Greater: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x > y; });
    case Is::GreaterEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x >= y; });
    case Is::Less: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x < y; });
    case Is::LessEqual: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x <= y; });
    case Is::LogicalAnd: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 && y != 0; });
    case Is::LogicalOr: return broadcastScalars(shape, a, b, out, [](Value x, Value y) { return x != 0 || y != 0; });
  }
  failUnknown("comparison", static_cast<int64_t>(on.operation));
}

struct Tested {
  const void* x;
  uint8_t* out;
  int64_t size;
};

template <class From, class Test>
void eachValue(const Tested& on, Test&& test) {
  const From* x = static_cast<const From*>(on.x);
  uint8_t* out = on.out;
  parallelRange(on.size, 32768, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = test(x[i]);
  });
}

}  // namespace

KERNEL(Compare,
       (a, b, OUT(out)),
       (ONE_OF(operation, Comparison), ONE_OF(type, ElementType), rank, EACH(sizes), EACH(stridesA), EACH(stridesB))) {
  const Compared on{call.oneOf<Comparison>(Number::operation), call.in<void>(Operand::a), call.in<void>(Operand::b),
                    call.out<uint8_t>(Operand::out), Broadcast(call, Number::rank)};
  const ElementType type = call.oneOf<ElementType>(Number::type);
  switch (type) {
    case ElementType::float32: return compare<float>(on);
    case ElementType::int32: return compare<int32_t>(on);
    case ElementType::uint8: return compare<uint8_t>(on);
  }
  failUnknown("element type", static_cast<int64_t>(type));
}

// LogicalNot takes bool, the others float32.
KERNEL(Test, (x, OUT(out)), (ONE_OF(operation, Predicate), size)) {
  const Tested on{call.in<void>(Operand::x), call.out<uint8_t>(Operand::out), call.integer(Number::size)};
  using Is = Predicate;
  const Is operation = call.oneOf<Is>(Number::operation);
  switch (operation) {
    case Is::LogicalNot: return eachValue<uint8_t>(on, [](uint8_t x) { return x == 0; });
    case Is::IsNan: return eachValue<float>(on, [](float x) { return x != x; });
    case Is::IsInf: return eachValue<float>(on, [](float x) { return std::isinf(x); });
    case Is::IsFinite: return eachValue<float>(on, [](float x) { return std::isfinite(x); });
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
