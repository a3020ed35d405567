// Reductions of float32 data seen as [outer, reduced, inner] over its middle axis. Chunks of the reduced axis have a
// fixed size and are combined in order, so sums do not depend on the thread count.
#include <algorithm>
#include <limits>

#include "addon/call.h"
#include "addon/shared-names.h"
#include "runtime/arithmetic.h"
#include "runtime/fail.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "simd/run-sum.h"

namespace {

constexpr int64_t kChunk = kSumChunk;

void sumRows(const float* x, int64_t outer, int64_t reduced, float scale, float* out) {
  const int64_t chunks = std::max<int64_t>(1, ceilDivide(reduced, kChunk));
  float* partial = scratch(Scratch::Partial, outer * chunks);
  parallelRange(outer * chunks, std::max<int64_t>(1, kChunk / (std::min(reduced, kChunk) + 16)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t from = i % chunks * kChunk;
      RunSum run;
      run.add(x + i / chunks * reduced + from, std::min(kChunk, reduced - from));
      partial[i] = run.total();
    }
  });
  for (int64_t i = 0; i < outer; ++i) out[i] = sumOfRuns(partial + i * chunks, chunks) * scale;
}

void sumDown(const float* x, int64_t outer, int64_t reduced, int64_t inner, float scale, float* out) {
  const int64_t perChunk = rowsPerChunk(inner), chunks = std::max<int64_t>(1, ceilDivide(reduced, perChunk));
  float* partial = scratch(Scratch::Partial, outer * chunks * inner);
  parallel(outer * chunks, [&](int64_t task) {
    const float* from = x + task / chunks * reduced * inner;
    const int64_t begin = task % chunks * perChunk;
    sumColumns<1>(begin, std::min(reduced, begin + perChunk), inner, [&](int64_t i, int64_t c, auto lanes) {
      return std::array<Vec, 1>{lanes(from + i * inner + c)};
    }, partial + task * inner);
  });
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t c = 0; c < inner; ++c) {
      double sum = 0;
      for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partial[(i * chunks + chunk) * inner + c];
      out[i * inner + c] = static_cast<float>(sum) * scale;
    }
}

// Named as tfjs's kernels are.
NAMED_ENUM(Reduction, Max, Min, Prod);

// NaN wins: it is kept once met.
struct Greatest {
  static constexpr float kStart = -std::numeric_limits<float>::infinity();
  static Vec combine(Vec a, Vec b) { return ((b <= a) | (a != a)) ? a : b; }
};
struct Least {
  static constexpr float kStart = std::numeric_limits<float>::infinity();
  static Vec combine(Vec a, Vec b) { return ((b >= a) | (a != a)) ? a : b; }
};
struct Product {
  static constexpr float kStart = 1;
  static Vec combine(Vec a, Vec b) { return a * b; }
};

template <class Operator>
float reduceRun(const float* x, int64_t count) {
  Vec acc[4];
  for (Vec& lane : acc) lane = splat(Operator::kStart);
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (int v = 0; v < 4; ++v) acc[v] = Operator::combine(acc[v], load(x + i + v * kLanes));
  for (; i + kLanes <= count; i += kLanes) acc[0] = Operator::combine(acc[0], load(x + i));
  const Vec sides = Operator::combine(Operator::combine(acc[0], acc[1]), Operator::combine(acc[2], acc[3]));
  Vec all = splat(sides[0]);
  for (int lane = 1; lane < kLanes; ++lane) all = Operator::combine(all, splat(sides[lane]));
  for (; i < count; ++i) all = Operator::combine(all, splat(x[i]));
  return all[0];
}

// out[c] = the rows of [rows, inner] combined, in order
template <class Operator>
void reduceRows(const float* x, int64_t rows, int64_t inner, float* out) {
  if (inner == 1) {
    *out = reduceRun<Operator>(x, rows);
    return;
  }
  eachColumn(inner, [&](int64_t c, auto lanes) {
    Vec all = splat(Operator::kStart);
    for (int64_t row = 0; row < rows; ++row) all = Operator::combine(all, lanes(x + row * inner + c));
    lanes.put(out + c, all);
  });
}

// [outer, reduced, inner] to [outer, inner]
template <class Operator>
void reduceMiddle(const float* x, int64_t outer, int64_t reduced, int64_t inner, float* out) {
  const int64_t perChunk = inner == 1 ? kChunk : rowsPerChunk(inner);
  const int64_t chunks = std::max<int64_t>(1, ceilDivide(reduced, perChunk));
  float* partial = chunks == 1 ? out : scratch(Scratch::Partial, outer * chunks * inner);
  const int64_t grain = std::max<int64_t>(1, kChunk / (std::min(reduced, perChunk) * inner + 16));
  parallelRange(outer * chunks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % chunks * perChunk, rows = std::min(perChunk, reduced - first);
      reduceRows<Operator>(x + (i / chunks * reduced + first) * inner, rows, inner, partial + i * inner);
    }
  });
  if (chunks == 1) return;
  for (int64_t o = 0; o < outer; ++o) reduceRows<Operator>(partial + o * chunks * inner, chunks, inner, out + o * inner);
}

// Logical and (value 0 decides) or or (value 1 decides) of bytes.
void decide(const uint8_t* x, int64_t outer, int64_t reduced, int64_t inner, uint8_t value, uint8_t* out) {
  parallelRange(outer, std::max<int64_t>(1, kChunk / (reduced * inner + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      uint8_t* to = out + o * inner;
      std::fill(to, to + inner, static_cast<uint8_t>(1 - value));
      for (int64_t i = 0; i < reduced; ++i)
        for (int64_t c = 0; c < inner; ++c)
          if ((x[(o * reduced + i) * inner + c] != 0) == (value != 0)) to[c] = value;
    }
  });
}

}  // namespace

KERNEL(Sum, (x, OUT(out)), (outer, reduced, inner, mean)) {
  const int64_t outer = call.integer(Number::outer), reduced = call.integer(Number::reduced), inner = call.integer(Number::inner);
  // As in tfjs, the mean of nothing is 0.
  const float scale = call.flag(Number::mean) && reduced > 0 ? 1.0f / static_cast<float>(reduced) : 1.0f;
  if (inner == 1) {
    sumRows(call.in<float>(Operand::x), outer, reduced, scale, call.out<float>(Operand::out));
  } else {
    sumDown(call.in<float>(Operand::x), outer, reduced, inner, scale, call.out<float>(Operand::out));
  }
}

KERNEL(Reduce, (x, OUT(out)), (outer, reduced, inner, ONE_OF(operation, Reduction))) {
  const float* x = call.in<float>(Operand::x);
  float* out = call.out<float>(Operand::out);
  const int64_t outer = call.integer(Number::outer), reduced = call.integer(Number::reduced), inner = call.integer(Number::inner);
  const Reduction operation = call.oneOf<Reduction>(Number::operation);
  switch (operation) {
    case Reduction::Max: return reduceMiddle<Greatest>(x, outer, reduced, inner, out);
    case Reduction::Min: return reduceMiddle<Least>(x, outer, reduced, inner, out);
    case Reduction::Prod: return reduceMiddle<Product>(x, outer, reduced, inner, out);
  }
  failUnknown("reduction", static_cast<int64_t>(operation));
}

// Of bool: `decisive` is the value that decides, 0 for all, 1 for any.
KERNEL(Decide, (x, OUT(out)), (outer, reduced, inner, decisive)) {
  decide(call.in<uint8_t>(Operand::x), call.integer(Number::outer), call.integer(Number::reduced), call.integer(Number::inner),
         static_cast<uint8_t>(call.integer(Number::decisive)),
         call.out<uint8_t>(Operand::out));
}

// Of int32, which wraps around.
KERNEL(SumInteger, (x, OUT(out)), (outer, reduced, inner)) {
  const int64_t outer = call.integer(Number::outer), reduced = call.integer(Number::reduced), inner = call.integer(Number::inner);
  const int32_t* x = call.in<int32_t>(Operand::x);
  int32_t* out = call.out<int32_t>(Operand::out);
  parallelRange(outer, std::max<int64_t>(1, kChunk / (reduced * inner + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o)
      for (int64_t c = 0; c < inner; ++c) {
        uint32_t sum = 0;
        for (int64_t i = 0; i < reduced; ++i) sum += static_cast<uint32_t>(x[(o * reduced + i) * inner + c]);
        out[o * inner + c] = static_cast<int32_t>(sum);
      }
  });
}

// Running sums along the middle axis, in float64.
KERNEL(CumulativeSum, (x, OUT(out)), (outer, size, inner, exclusive, reverse)) {
  const int64_t size = call.integer(Number::size), inner = call.integer(Number::inner);
  const bool exclusive = call.flag(Number::exclusive), reverse = call.flag(Number::reverse);
  const float* x = call.in<float>(Operand::x);
  float* out = call.out<float>(Operand::out);
  parallelRange(call.integer(Number::outer) * inner, std::max<int64_t>(1, kChunk / (size + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; ++column) {
      const int64_t start = column / inner * size * inner + column % inner;
      double sum = 0;
      for (int64_t i = 0; i < size; ++i) {
        const int64_t at = start + (reverse ? size - 1 - i : i) * inner;
        const double value = x[at];
        out[at] = static_cast<float>(exclusive ? sum : sum + value);
        sum += value;
      }
    }
  });
}

// The place of the greatest (sign 1) or least (sign -1), as int32. The first of equals; NaN is passed over unless it comes first,
// as on the stock backend.
KERNEL(ArgExtreme, (x, OUT(out)), (outer, reduced, inner, sign)) {
  const int64_t outer = call.integer(Number::outer), reduced = call.integer(Number::reduced), inner = call.integer(Number::inner);
  const float sign = static_cast<float>(call.number(Number::sign));
  const float* x = call.in<float>(Operand::x);
  int32_t* out = call.out<int32_t>(Operand::out);
  parallelRange(outer, std::max<int64_t>(1, kChunk / (reduced * inner + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o)
      for (int64_t c = 0; c < inner; ++c) {
        const float* from = x + o * reduced * inner + c;
        int64_t best = 0;
        for (int64_t i = 1; i < reduced; ++i)
          if (sign * from[i * inner] > sign * from[best * inner]) best = i;
        out[o * inner + c] = static_cast<int32_t>(best);
      }
  });
}
