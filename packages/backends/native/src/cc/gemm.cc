// Matrix product after the GotoBLAS scheme: panels of A and B are packed once, in parallel, then tasks over blocks of C
// run the register tile over them, K in fixed slices. A is read in place, without packing, where its rows do not fall into
// the same cache sets, or where C is so narrow that packing would cost as much as the product.
#include "gemm.h"

#include <algorithm>
#include <type_traits>

#include "call.h"
#include "columns.h"
#include "micro.h"
#include "threads.h"
#include "transpose.h"

namespace {

constexpr int64_t kSlice = 384;  // of K: a B panel slice and an A panel slice stay in the first-level cache
constexpr int64_t kNarrow = 2 * kColumns;

int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Block {
  int64_t rowBegin, rowEnd, columnBegin, columnEnd;
};

Target targetAt(const Gemm& g, float** rows, int64_t row, int count, int64_t column, int64_t width, bool first, bool last) {
  for (int r = 0; r < count; ++r) rows[r] = g.c + (row + r) * g.ldc;
  return {rows, column, std::min(width, g.n - column), !first, last ? g.bias : nullptr, last && g.relu};
}

void productPacked(const Gemm& g, const Block& block, const float* packedA, const float* packedB, int64_t slice) {
  float* rows[kRows];
  for (int64_t k0 = 0; k0 < g.k; k0 += slice) {
    const int64_t depth = std::min(slice, g.k - k0);
    const bool first = k0 == 0, last = k0 + depth == g.k;
    for (int64_t column = block.columnBegin; column < block.columnEnd; column += kColumns) {
      const int64_t width = panelWidth(g.n, column);
      const float* b = packedB + column * g.k + k0 * width;
      for (int64_t row = block.rowBegin; row < block.rowEnd; row += kRows) {
        const float* a = packedA + row * g.k + k0 * kRows;
        for (int64_t done = 0, left; (left = std::min<int64_t>(kRows, block.rowEnd - row) - done) > 0;)
          done += withTileRows(left, false, [&](auto height) {
            constexpr int MR = std::min<int>(decltype(height)::value, kRows);
            const Target target = targetAt(g, rows, row + done, MR, column, width, first, last);
            if (width == kLanes) {
              tilePacked<MR, 1>(a + done, depth, b, target);
            } else {
              tilePacked<MR, 2>(a + done, depth, b, target);
            }
          });
      }
    }
  }
}

// A untransposed: pointers to its rows.
struct RowsOf {
  const Gemm& g;
  template <int MR, int NV>
  void tile(int64_t row, int64_t k0, int64_t depth, const float* b, const Target& target) const {
    const float* rows[MR];
    for (int r = 0; r < MR; ++r) rows[r] = g.a + (row + r) * g.lda;
    const Run run{k0, depth};
    tileRows<MR, NV>(rows, &run, 1, b, target);
  }
};

// A transposed: its rows lie side by side.
struct ColumnsOf {
  const Gemm& g;
  template <int MR, int NV>
  void tile(int64_t row, int64_t k0, int64_t depth, const float* b, const Target& target) const {
    tileStrided<MR, NV>(g.a + k0 * g.lda + row, g.lda, b, depth, target);
  }
};

template <class Source>
void productInPlace(const Gemm& g, const Source& source, const Block& block, const float* packedB, int64_t slice) {
  float* rows[kRowsNarrow];
  for (int64_t k0 = 0; k0 < g.k; k0 += slice) {
    const int64_t depth = std::min(slice, g.k - k0);
    const bool first = k0 == 0, last = k0 + depth == g.k;
    for (int64_t column = block.columnBegin; column < block.columnEnd; column += kColumns) {
      const int64_t width = panelWidth(g.n, column);
      const float* b = packedB + column * g.k + k0 * width;
      for (int64_t row = block.rowBegin; row < block.rowEnd;)
        row += withTileRows(block.rowEnd - row, width == kLanes, [&](auto height) {
          constexpr int MR = decltype(height)::value;
          const Target target = targetAt(g, rows, row, MR, column, width, first, last);
          if (width == kLanes) {
            source.template tile<MR, 1>(row, k0, depth, b, target);
          } else if constexpr (MR <= kRows) {
            source.template tile<MR, 2>(row, k0, depth, b, target);
          }
        });
    }
  }
}

// Whether A's cache lines spread over the sets: rows a multiple of 1 kB apart pile up in a few.
bool spreads(const Gemm& g) { return g.lda % 256 != 0 && (!g.transposeA || g.k <= 256); }

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

void fillWithoutDepth(const Gemm& g) {
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      const float value = g.bias ? g.bias[j] : 0;
      g.c[i * g.ldc + j] = g.relu ? relu(value) : value;
    }
}

}  // namespace

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

void packPanels(const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k, float* to) {
  const int64_t panels = ceilDivide(n, kColumns);
  // Tasks of one panel times a slice of K, so that one wide panel is packed by several threads.
  const int64_t depth = std::max<int64_t>(64, std::min<int64_t>(k, 1024)), slices = ceilDivide(k, depth);
  const int64_t pairs = panels * slices;
  parallelRange(pairs, std::max<int64_t>(1, 16384 / (depth * kColumns)), [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t column = pair / slices * kColumns, k0 = pair % slices * depth, k1 = std::min(k, k0 + depth);
      const int64_t width = panelWidth(n, column), count = std::min(width, n - column);
      float* out = to + column * k;
      if (count < width)
        for (int64_t i = k0; i < k1; ++i)
          for (int64_t j = count; j < width; ++j) out[i * width + j] = 0;
      if (transposed) {
        packTransposed(b + column * ldb + k0, ldb, count, k1 - k0, out + k0 * width, width);
        continue;
      }
      for (int64_t i = k0; i < k1; ++i)
        eachColumn(count, [&](int64_t j, auto lanes) { lanes.put(out + i * width + j, lanes(b + i * ldb + column + j)); });
    }
  });
}

void gemm(const Gemm& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) return fillWithoutDepth(g);
  float* packedB = scratch(Scratch::PackedB, ceilDivide(g.n, kColumns) * kColumns * g.k);
  packPanels(g.b, g.ldb, g.transposeB, g.n, g.k, packedB);
  const bool inPlace = spreads(g) || (!g.transposeA && g.n <= kNarrow);
  float* packedA = inPlace ? nullptr : scratch(Scratch::PackedA, ceilDivide(g.m, kRows) * kRows * g.k);
  if (!inPlace) packRows(g, packedA);

  const int64_t slice = ceilDivide(g.k, ceilDivide(g.k, kSlice));
  const int64_t work = g.m * g.n * g.k;
  // Blocks of C: tall enough to reuse a B slice, small enough to share out evenly.
  const int64_t unit = kRows * 2;
  int64_t blockRows = unit * 4, blockColumns = kColumns * 8;
  const int64_t wanted = work < 100000 ? 1 : 4 * threadCount();
  const auto blocks = [&] { return ceilDivide(g.m, blockRows) * ceilDivide(g.n, blockColumns); };
  if (wanted == 1) blockRows = g.m + unit - g.m % unit, blockColumns = g.n;
  while (blocks() < wanted && blockColumns > kColumns * 2) blockColumns /= 2;
  while (blocks() < wanted && blockRows > unit) blockRows /= 2;
  const int64_t across = ceilDivide(g.n, blockColumns);
  parallel(blocks(), [&](int64_t task) {
    const int64_t row = task / across * blockRows, column = task % across * blockColumns;
    const Block block{row, std::min(g.m, row + blockRows), column, std::min(g.n, column + blockColumns)};
    if (inPlace && g.transposeA) {
      productInPlace(g, ColumnsOf{g}, block, packedB, slice);
    } else if (inPlace) {
      productInPlace(g, RowsOf{g}, block, packedB, slice);
    } else {
      productPacked(g, block, packedA, packedB, slice);
    }
  });
}

// operands: a, b, bias or 0, out; numbers: batch, m, n, k, transposeA, transposeB, strideA, strideB (between the
// matrices of a batch; 0 repeats one), relu
KERNEL(MatMul) {
  const int64_t batch = call.integer(0), m = call.integer(1), n = call.integer(2), k = call.integer(3);
  const bool transposeA = call.flag(4), transposeB = call.flag(5);
  const auto product = [&](int64_t i) {
    gemm({transposeA, transposeB, m, n, k, call.in<float>(0) + i * call.integer(6), call.in<float>(1) + i * call.integer(7),
          call.out<float>(3) + i * m * n, transposeA ? m : k, transposeB ? k : n, n, call.in<float>(2), call.flag(8)});
  };
  // Many small products are shared out whole; a few large ones are each cut up.
  if (batch > 1 && m * n * k < 1000000) {
    parallel(batch, product);
  } else {
    for (int64_t i = 0; i < batch; ++i) product(i);
  }
}
