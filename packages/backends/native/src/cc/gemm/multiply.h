// Matrix product after the GotoBLAS scheme: panels of A and B are packed once, in parallel, then tasks over blocks of C
// run the register tile over them, K in fixed slices. A is read in place, without packing, where its rows do not fall into
// the same cache sets, or where C is so narrow that packing would cost as much as the product. B is packed by the task that
// uses it, slice by slice, where no other task does: by the panel's first tile, if there are more, while it multiplies.
#pragma once
#include <algorithm>
#include <type_traits>

#include "gemm/gemm.h"
#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"

// Of K: a panel's slice stays in the second-level cache, from which it streams; shorter ones read and write C more often. With
// less than a tile of rows it is read once, right after packing, and stays in the first-level cache.
constexpr int64_t kSlice = 800, kSliceFewRows = 384;
constexpr int64_t kNarrow = 2 * kColumns;
constexpr int64_t kRowsOnce = 16 * kRows;  // few enough that one task takes them all

inline int64_t sliceDepth(const Gemm& g) { return ceilDivide(g.k, ceilDivide(g.k, g.m < kRows ? kSliceFewRows : kSlice)); }

struct Block {
  int64_t rowBegin, rowEnd, columnBegin, columnEnd;
};

// A slice of K and whether it is the first or last one.
struct Slice {
  int64_t begin, depth;
  bool first, last;
};

// Tiles written to C.
struct Store {
  const Gemm& g;
  float* rows[kRowsNarrow];
  static constexpr bool kByRows = false;
  Target tile(int64_t row, int count, int64_t column, int64_t width, const Slice& slice) {
    for (int r = 0; r < count; ++r) rows[r] = g.c + (row + r) * g.ldc;
    return {rows, column, std::min(width, g.n - column), !slice.first, slice.last ? g.bias : nullptr, slice.last && g.relu};
  }
};

// The panel of B for a slice: from those packed before, or packed now, to stay in the cache of the core that uses it.
inline const float* panelOf(const Gemm& g, const float* packedB, int64_t column, int64_t width, const Slice& slice) {
  if (packedB) return packedB + column * g.k + slice.begin * width;
  float* panel = scratch(Scratch::PackedB, slice.depth * kColumns);
  const float* from = g.transposeB ? g.b + column * g.ldb + slice.begin : g.b + slice.begin * g.ldb + column;
  packPanel(from, g.ldb, g.transposeB, std::min(width, g.n - column), width, slice.depth, panel);
  return panel;
}

template <class Finish>
void productPacked(const Gemm& g, Finish finish, const Block& block, const float* packedA, const float* packedB, int64_t depth) {
  for (int64_t k0 = 0; k0 < g.k; k0 += depth) {
    const Slice slice{k0, std::min(depth, g.k - k0), k0 == 0, k0 + depth >= g.k};
    for (int64_t column = block.columnBegin; column < block.columnEnd; column += kColumns) {
      const int64_t width = panelWidth(g.n, column);
      const float* b = panelOf(g, packedB, column, width, slice);
      for (int64_t row = block.rowBegin; row < block.rowEnd; row += kRows) {
        const float* a = packedA + row * g.k + k0 * kRows;
        for (int64_t done = 0, left; (left = std::min<int64_t>(kRows, block.rowEnd - row) - done) > 0;)
          done += withTileRows(left, false, [&](auto height) {
            constexpr int MR = std::min<int>(decltype(height)::value, kRows);
            const auto target = finish.tile(row + done, MR, column, width, slice);
            if (width == kLanes) {
              tilePacked<MR, 1>(a + done, slice.depth, b, target);
            } else {
              tilePacked<MR, 2>(a + done, slice.depth, b, target);
            }
          });
      }
    }
  }
}

// A untransposed: pointers to its rows.
struct RowsOf {
  const Gemm& g;
  template <int MR, int NV, class B, class To>
  void tile(int64_t row, const Slice& slice, const B& b, const To& target) const {
    const float* rows[MR];
    for (int r = 0; r < MR; ++r) rows[r] = g.a + (row + r) * g.lda;
    const Run run{slice.begin, slice.depth};
    tileRows<MR, NV>(rows, &run, 1, b, target);
  }
};

// A transposed: its rows lie side by side.
struct ColumnsOf {
  const Gemm& g;
  template <int MR, int NV, class B, class To>
  void tile(int64_t row, const Slice& slice, const B& b, const To& target) const {
    tileStrided<MR, NV>(g.a + slice.begin * g.lda + row, g.lda, b, slice.depth, target);
  }
};

template <class Finish, class Source>
void productInPlace(const Gemm& g, Finish finish, const Source& source, const Block& block, const float* packedB, int64_t depth) {
  for (int64_t k0 = 0; k0 < g.k; k0 += depth) {
    const Slice slice{k0, std::min(depth, g.k - k0), k0 == 0, k0 + depth >= g.k};
    for (int64_t column = block.columnBegin; column < block.columnEnd; column += kColumns) {
      const int64_t width = panelWidth(g.n, column);
      int64_t row = block.rowBegin;
      const float* b;
      if (!packedB && !g.transposeB && g.n - column >= kColumns && block.rowEnd - row >= 2 * kRows) {
        float* panel = scratch(Scratch::PackedB, slice.depth * kColumns);
        const Packing packing{g.b + slice.begin * g.ldb + column, g.ldb, panel};
        source.template tile<kRows, 2>(row, slice, packing, finish.tile(row, kRows, column, width, slice));
        row += kRows;
        b = panel;
      } else {
        b = panelOf(g, packedB, column, width, slice);
      }
      while (row < block.rowEnd)
        row += withTileRows(block.rowEnd - row, width == kLanes, [&](auto height) {
          constexpr int MR = decltype(height)::value;
          const auto target = finish.tile(row, MR, column, width, slice);
          if (width == kLanes) {
            source.template tile<MR, 1>(row, slice, b, target);
          } else if constexpr (MR <= kRows) {
            source.template tile<MR, 2>(row, slice, b, target);
          }
        });
    }
  }
}

// Whether A's cache lines spread over the sets: rows a multiple of 1 kB apart pile up in a few.
inline bool spreads(const Gemm& g) { return g.lda % 256 != 0 && (!g.transposeA || g.k <= 256); }

// The product, its tiles handed to `finish`, which may want them row after row: then what lies under them is touched in the
// order of memory, and B comes from the second-level cache.
template <class Finish>
void multiply(const Gemm& g, const Finish& finish) {
  const int64_t work = g.m * g.n * g.k, panels = ceilDivide(g.n, kColumns);
  const int64_t wanted = work < 100000 ? 1 : 4 * threadCount();
  // With few rows each panel of B is wanted by one task alone.
  const bool ownPanels = !Finish::kByRows && g.m <= kRowsOnce && panels >= wanted;
  float* packedB = ownPanels ? nullptr : scratch(Scratch::PackedB, panels * kColumns * g.k);
  if (packedB) packPanels(g.b, g.ldb, g.transposeB, g.n, g.k, packedB);
  const bool inPlace = spreads(g) || (!g.transposeA && g.n <= kNarrow);
  float* packedA = inPlace ? nullptr : scratch(Scratch::PackedA, ceilDivide(g.m, kRows) * kRows * g.k);
  if (!inPlace) packRows(g, packedA);

  const int64_t depth = sliceDepth(g);
  // Blocks of C: tall enough to reuse a B slice, small enough to share out evenly.
  const int64_t unit = kRows * 2;
  int64_t blockRows = unit * 4, blockColumns = kColumns * 8;
  const auto blocks = [&] { return ceilDivide(g.m, blockRows) * ceilDivide(g.n, blockColumns); };
  if (wanted == 1) blockColumns = g.n;
  if (wanted == 1 || ownPanels) blockRows = g.m + unit - g.m % unit;
  while (blocks() < wanted && blockColumns > (ownPanels ? kColumns : kColumns * 2)) blockColumns /= 2;
  while (!ownPanels && blocks() < wanted && blockRows > unit) blockRows /= 2;
  if (Finish::kByRows) blockRows = kRows, blockColumns = kColumns * 16;
  const int64_t across = ceilDivide(g.n, blockColumns), down = ceilDivide(g.m, blockRows);
  parallel(blocks(), [&](int64_t task) {
    const int64_t row = (Finish::kByRows ? task % down : task / across) * blockRows;
    const int64_t column = (Finish::kByRows ? task / down : task % across) * blockColumns;
    const Block block{row, std::min(g.m, row + blockRows), column, std::min(g.n, column + blockColumns)};
    if (inPlace && g.transposeA) {
      productInPlace(g, finish, ColumnsOf{g}, block, packedB, depth);
    } else if (inPlace) {
      productInPlace(g, finish, RowsOf{g}, block, packedB, depth);
    } else {
      productPacked(g, finish, block, packedA, packedB, depth);
    }
  });
}
