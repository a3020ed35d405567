// Reductions of float32 data seen as [outer, reduced, inner] over its middle axis. Chunks of the reduced axis have a
// fixed size and are combined in order, so sums do not depend on the thread count.
#include <algorithm>
#include <limits>

#include "call.h"
#include "columns.h"
#include "threads.h"

namespace {

constexpr int64_t kChunk = 16384;  // elements of a contiguous run

float sumRun(const float* x, int64_t count) {
  Vec acc[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (int v = 0; v < 4; ++v) acc[v] += load(x + i + v * kLanes);
  for (; i + kLanes <= count; i += kLanes) acc[0] += load(x + i);
  if (i < count) acc[1] += loadPartial(x + i, count - i);
  return sumLanes((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

void sumRows(const float* x, int64_t outer, int64_t reduced, float scale, float* out) {
  const int64_t chunks = std::max<int64_t>(1, (reduced + kChunk - 1) / kChunk);
  float* partial = scratch(Scratch::Partial, outer * chunks);
  parallelRange(outer * chunks, std::max<int64_t>(1, kChunk / (std::min(reduced, kChunk) + 16)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t from = i % chunks * kChunk;
      partial[i] = sumRun(x + i / chunks * reduced + from, std::min(kChunk, reduced - from));
    }
  });
  for (int64_t i = 0; i < outer; ++i) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partial[i * chunks + chunk];
    out[i] = static_cast<float>(sum) * scale;
  }
}

void sumDown(const float* x, int64_t outer, int64_t reduced, int64_t inner, float scale, float* out) {
  const int64_t perChunk = rowsPerChunk(inner), chunks = std::max<int64_t>(1, (reduced + perChunk - 1) / perChunk);
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

// The greatest (or, with sign -1, least) element; NaN wins.
void extremeDown(const float* x, int64_t outer, int64_t reduced, int64_t inner, float sign, float* out) {
  parallelRange(outer, std::max<int64_t>(1, kChunk / (reduced * inner + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o)
      for (int64_t c = 0; c < inner; ++c) {
        const float* from = x + o * reduced * inner + c;
        float best = -std::numeric_limits<float>::infinity();
        for (int64_t i = 0; i < reduced; ++i) {
          const float value = sign * from[i * inner];
          if (!(value <= best) && best == best) best = value;
        }
        out[o * inner + c] = sign * best;
      }
  });
}

}  // namespace

// operands: x, out; numbers: outer, reduced, inner, mean
KERNEL(Sum) {
  const int64_t outer = call.integer(0), reduced = call.integer(1), inner = call.integer(2);
  const float scale = call.flag(3) ? 1.0f / static_cast<float>(reduced) : 1.0f;
  if (inner == 1) {
    sumRows(call.in<float>(0), outer, reduced, scale, call.out<float>(1));
  } else {
    sumDown(call.in<float>(0), outer, reduced, inner, scale, call.out<float>(1));
  }
}

// operands: x, out; numbers: outer, reduced, inner, sign (1 greatest, -1 least)
KERNEL(Extreme) {
  extremeDown(call.in<float>(0), call.integer(0), call.integer(1), call.integer(2), static_cast<float>(call.number(3)),
              call.out<float>(1));
}

// operands: x, int32 out; numbers: outer, reduced, inner, sign (1 greatest, -1 least). The first of equals; NaN is
// passed over unless it comes first, as on the stock backend.
KERNEL(ArgExtreme) {
  const int64_t outer = call.integer(0), reduced = call.integer(1), inner = call.integer(2);
  const float sign = static_cast<float>(call.number(3));
  const float* x = call.in<float>(0);
  int32_t* out = call.out<int32_t>(1);
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
