// The gradient of a dense layer's input, taken through the ReLU that made that input, on the way out of the product.
#include <algorithm>

#include "addon/call.h"
#include "gemm/multiply.h"
#include "simd/columns.h"

namespace {

struct GateTarget {
  const float* x;
  float* out;
  int64_t stride, columns;  // between the tile's rows; that exist in it

  [[gnu::always_inline]] inline void prefetch(int64_t, int) const {}
};

template <int MR, int NV>
[[gnu::always_inline]] inline void storeTile(const Vec (&acc)[MR][NV], const GateTarget& target) {
#pragma GCC unroll 2
  for (int v = 0; v < NV; ++v) {
    const int64_t left = target.columns - v * kLanes;
    if (left <= 0) break;
#pragma GCC unroll 24
    for (int r = 0; r < MR; ++r) {
      const int64_t i = r * target.stride + v * kLanes;
      if (left >= kLanes) {
        store(target.out + i, reluGradient(acc[r][v], load(target.x + i)));
      } else {
        storePartial(target.out + i, reluGradient(acc[r][v], loadPartial(target.x + i, left)), left);
      }
    }
  }
}

// Tiles that pass where x is positive.
struct Gate {
  const float* x;
  float* out;
  int64_t n;
  static constexpr bool kByRows = false;
  GateTarget tile(int64_t row, int, int64_t column, int64_t width, const Slice&) const {
    const int64_t at = row * n + column;
    return {x + at, out + at, n, std::min(width, n - column)};
  }
};

}  // namespace

KERNEL(MatMulReluGrad, (a, b, x, OUT(out)), (m, n, k, transposeA, transposeB)) {
  const int64_t m = call.integer(Number::m), n = call.integer(Number::n), k = call.integer(Number::k);
  const bool transposeA = call.flag(Number::transposeA), transposeB = call.flag(Number::transposeB);
  const float* x = call.in<float>(Operand::x);
  float* out = call.out<float>(Operand::out);
  const Gemm product{transposeA, transposeB, m, n, k, call.in<float>(Operand::a), call.in<float>(Operand::b), out,
                     transposeA ? m : k,
                     transposeB ? k : n, n, nullptr, false};
  if (m == 0 || n == 0) return;
  if (k > 0 && sliceDepth(product) == k) return multiply(product, Gate{x, out, n});
  // What the slices of a deep sum add up is gated at its end.
  gemm(product);
  parallelRange(m * n, 16384, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) {
      lanes.put(out + begin + i, reluGradient(lanes(out + begin + i), lanes(x + begin + i)));
    });
  });
}
