// The gradient of a dense layer's weights and their update in one pass: the gradient never leaves the registers, and
// weights and velocities, walked in the order of their memory, are fetched while the tile over them is multiplied.
#include <algorithm>

#include "call.h"
#include "columns.h"
#include "momentum.h"
#include "multiply.h"

namespace {

struct UpdateTarget {
  const Momentum& step;
  int64_t at, stride, columns;  // of the tile's first weight, between its rows, that exist in it

  // A row of the tile every few steps, so that the fetches do not crowd out the operands'.
  [[gnu::always_inline]] inline void prefetch(int64_t k, int rows) const {
    constexpr int64_t kSteps = 4;
    if (k % kSteps != 0 || k / kSteps >= rows) return;
    const int64_t i = at + k / kSteps * stride;
    for (const float* from : {step.p + i, step.v + i}) {
      __builtin_prefetch(from, 1);
      __builtin_prefetch(from + kLanes, 1);
      __builtin_prefetch(from + kColumns - 1, 1);
    }
  }
};

template <int MR, int NV>
[[gnu::always_inline]] inline void storeTile(const Vec (&acc)[MR][NV], const UpdateTarget& target) {
  const Momentum step = target.step;  // a copy, which the stores below cannot change
#pragma GCC unroll 2
  for (int v = 0; v < NV; ++v) {
    const int64_t left = target.columns - v * kLanes;
    if (left <= 0) break;
#pragma GCC unroll 24
    for (int r = 0; r < MR; ++r) {
      const int64_t i = target.at + r * target.stride + v * kLanes;
      if (left >= kLanes) {
        step.update(i, acc[r][v], Whole{});
      } else {
        step.update(i, acc[r][v], Part{left});
      }
    }
  }
}

// Tiles that update the weights under them.
struct Update {
  const Momentum& step;
  int64_t n;
  static constexpr bool kByRows = true;
  UpdateTarget tile(int64_t row, int, int64_t column, int64_t width, const Slice&) const {
    return {step, row * n + column, n, std::min(width, n - column)};
  }
};

}  // namespace

// operands: a, b, p, v, mask or 0, learningRate, p', v'; numbers: m, n, k, transposeA, transposeB, momentum, nesterov, weightDecay
KERNEL(MatMulMomentumUpdate) {
  const int64_t m = call.integer(0), n = call.integer(1), k = call.integer(2);
  const bool transposeA = call.flag(3), transposeB = call.flag(4);
  const Momentum step{call.in<float>(2), call.in<float>(3), call.in<float>(4), call.out<float>(6), call.out<float>(7),
                      splat(*call.in<float>(5)), splat(static_cast<float>(call.number(5))),
                      splat(static_cast<float>(call.number(7))), call.flag(6)};
  Gemm product{transposeA, transposeB, m, n, k, call.in<float>(0), call.in<float>(1), nullptr, transposeA ? m : k,
               transposeB ? k : n, n, nullptr, false};
  if (m == 0 || n == 0) return;
  if (k > 0 && sliceDepth(product) == k) return multiply(product, Update{step, n});
  // A deep sum needs memory for what its slices have added up so far.
  product.c = scratch(Scratch::Local, m * n);
  gemm(product);
  parallelRange(m * n, 16384, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) { step.update(begin + i, lanes(product.c + begin + i), lanes); });
  });
}
