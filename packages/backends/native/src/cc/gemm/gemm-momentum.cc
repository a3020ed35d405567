// The gradient of a dense layer's weights and their update in one pass: the gradient never leaves the registers, and
// weights and velocities, walked in the order of their memory, are fetched while the tile over them is multiplied.
#include <algorithm>

#include "addon/call.h"
#include "gemm/multiply.h"
#include "optimizer/momentum.h"
#include "simd/columns.h"

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

KERNEL(MatMulMomentumUpdate,
       (a, b, param, velocity, OPTIONAL(mask), learningRate, OUT(newParam), OUT(newVelocity)),
       (m, n, k, transposeA, transposeB, momentum, nesterov, weightDecay)) {
  const int64_t m = call.integer(Number::m), n = call.integer(Number::n), k = call.integer(Number::k);
  const bool transposeA = call.flag(Number::transposeA), transposeB = call.flag(Number::transposeB);
  const Momentum step{call.in<float>(Operand::param), call.in<float>(Operand::velocity), call.in<float>(Operand::mask),
                      call.out<float>(Operand::newParam), call.out<float>(Operand::newVelocity),
                      splat(*call.in<float>(Operand::learningRate)), splat(static_cast<float>(call.number(Number::momentum))),
                      splat(static_cast<float>(call.number(Number::weightDecay))), call.flag(Number::nesterov)};
  Gemm product{transposeA, transposeB, m, n, k, call.in<float>(Operand::a), call.in<float>(Operand::b), nullptr,
               transposeA ? m : k,
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
