#include "gemm/pack.h"

#include <algorithm>

#include "gemm/micro.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "simd/transpose.h"

void packRows(const Gemm& g, float* to) {
  parallelRange(ceilDivide(g.m, kRows), std::max<int64_t>(1, 16384 / (g.k + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t row = panel * kRows, count = std::min<int64_t>(kRows, g.m - row);
      float* out = to + row * g.k;
      if (!g.transposeA) {
        packTransposed(g.a + row * g.lda, g.lda, count, g.k, out, kRows);
        continue;
      }
      for (int64_t k = 0; k < g.k; ++k)
        for (int64_t r = 0; r < count; ++r) out[k * kRows + r] = g.a[k * g.lda + row + r];
    }
  });
}

void packTransposed(const float* from, int64_t ld, int64_t rows, int64_t depth, float* to, int64_t stride) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    const int64_t count = std::min<int64_t>(kLanes, rows - row);
    const float* in = from + row * ld;
    float* out = to + row;
    int64_t k = 0;
    for (; k + kLanes <= depth; k += kLanes) {
      Vec block[kLanes];
      for (int r = 0; r < kLanes; ++r) block[r] = r < count ? load(in + r * ld + k) : Vec{};
      transpose(block);
      if (count == kLanes) {
        for (int i = 0; i < kLanes; ++i) store(out + (k + i) * stride, block[i]);
      } else {
        for (int i = 0; i < kLanes; ++i) storePartial(out + (k + i) * stride, block[i], count);
      }
    }
    for (; k < depth; ++k)
      for (int64_t r = 0; r < count; ++r) out[k * stride + r] = in[r * ld + k];
  }
}

void packPanel(const float* b, int64_t ldb, bool transposed, int64_t count, int64_t width, int64_t depth, float* to) {
  if (count < width)
    for (int64_t i = 0; i < depth; ++i)
      for (int64_t j = count; j < width; ++j) to[i * width + j] = 0;
  if (transposed) return packTransposed(b, ldb, count, depth, to, width);
  for (int64_t i = 0; i < depth; ++i)
    eachColumn(count, [&](int64_t j, auto lanes) { lanes.put(to + i * width + j, lanes(b + i * ldb + j)); });
}

void packPanels(const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k, float* to) {
  const int64_t panels = ceilDivide(n, kColumns);
  // Tasks of one panel times a slice of K, so that one wide panel is packed by several threads.
  const int64_t depth = std::max<int64_t>(64, std::min<int64_t>(k, 1024)), slices = ceilDivide(k, depth);
  const int64_t pairs = panels * slices;
  parallelRange(pairs, std::max<int64_t>(1, 16384 / (depth * kColumns)), [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t column = pair / slices * kColumns, k0 = pair % slices * depth, k1 = std::min(k, k0 + depth);
      const int64_t width = panelWidth(n, column), count = std::min(width, n - column);
      const float* from = transposed ? b + column * ldb + k0 : b + k0 * ldb + column;
      packPanel(from, ldb, transposed, count, width, k1 - k0, to + column * k + k0 * width);
    }
  });
}
