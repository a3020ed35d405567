// The innermost loops of matrix products and convolutions: a tile of MR rows times NV vectors stays in registers while
// K runs. B always comes as a packed panel [k][NV * kLanes]. A comes either as MR pointers whose elements are contiguous
// along K in a few runs (rows of a matrix; windows of a padded image), or packed as [k][kRows].
#pragma once
#include <cstdint>
#include <type_traits>

#include "simd/simd.h"

// Rows of a two-vector tile: 24 accumulators where there are 32 registers, 12 where there are 16.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRows = 12;
#else
constexpr int kRows = 6;
#endif
constexpr int kRowsNarrow = 2 * kRows;  // of a one-vector tile
constexpr int kColumns = 2 * kLanes;

enum Activation { kLinear = 0, kRelu = 1, kRelu6 = 2, kElu = 3, kSigmoid = 4 };

struct Run {
  int64_t offset, length;
};

// Where a tile goes: one pointer per row, its first column and how many exist from there, and what is done on the way.
// A kernel that does something else with its tiles has a type of its own with a storeTile() of its own.
struct Target {
  float* const* rows;
  int64_t column, columns;
  bool accumulate;    // add to what is there
  const float* bias;  // one per column of the whole row, or null
  bool relu;

  // Called at each step of K of a tile of so many rows: what storeTile() will read may be fetched meanwhile. Always inlined,
  // for GCC drops a call of what does nothing but prefetch.
  [[gnu::always_inline]] inline void prefetch(int64_t, int) const {}
};

template <int MR, int NV>
[[gnu::always_inline]] inline void storeTile(Vec (&acc)[MR][NV], const Target& target) {
#pragma GCC unroll 2
  for (int v = 0; v < NV; ++v) {
    const int64_t left = target.columns - v * kLanes;
    if (left <= 0) break;
    const bool whole = left >= kLanes;
    const Vec bias = !target.bias ? Vec{} : whole ? load(target.bias + target.column + v * kLanes) : loadPartial(target.bias + target.column + v * kLanes, left);
#pragma GCC unroll 24
    for (int r = 0; r < MR; ++r) {
      float* out = target.rows[r] + target.column + v * kLanes;
      Vec value = acc[r][v];
      if (target.accumulate) value += whole ? load(out) : loadPartial(out, left);
      if (target.bias) value += bias;
      if (target.relu) value = relu(value);
      if (whole) {
        store(out, value);
      } else {
        storePartial(out, value, left);
      }
    }
  }
}

// Rows of B where they lie, `stride` apart, which a panel's first tile packs for the others while it multiplies.
struct Packing {
  static constexpr int64_t kAhead = 24;  // rows: about the time the last-level cache takes to answer
  const float* from;
  int64_t stride;
  float* panel;
};

// The next U rows of a panel.
template <int U, int NV>
[[gnu::always_inline]] inline void takeRows(Vec (&bs)[U][NV], const float*& panel) {
#pragma GCC unroll 4
  for (int u = 0; u < U; ++u)
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) bs[u][v] = load(panel + (u * NV + v) * kLanes);
  panel += U * NV * kLanes;
}

template <int U, int NV>
[[gnu::always_inline]] inline void takeRows(Vec (&bs)[U][NV], Packing& b) {
#pragma GCC unroll 4
  for (int u = 0; u < U; ++u) {
    const float* ahead = b.from + Packing::kAhead * b.stride;
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) {
      __builtin_prefetch(ahead + v * kLanes);
      bs[u][v] = load(b.from + v * kLanes);
      store(b.panel + v * kLanes, bs[u][v]);
    }
    __builtin_prefetch(ahead + NV * kLanes - 1);
    b.from += b.stride;
    b.panel += NV * kLanes;
  }
}

template <int MR, int NV, int U, class B>
[[gnu::always_inline]] inline void stepRows(Vec (&acc)[MR][NV], const float* const* rows, int64_t at, B& b) {
  Vec bs[U][NV];
  takeRows(bs, b);
#pragma GCC unroll 24
  for (int r = 0; r < MR; ++r) {
    const float* a = rows[r] + at;
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) {
      const Vec x = splat(a[u]);
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) acc[r][v] += x * bs[u][v];
    }
  }
}

template <int MR, int NV, class B, class To>
void tileRows(const float* const* rows, const Run* runs, int64_t runCount, B b, const To& target) {
  constexpr int U = kRows == 12 ? (NV == 1 ? 4 : 2) : 1;
  Vec acc[MR][NV] = {};
  for (int64_t i = 0; i < runCount; ++i) {
    int64_t at = runs[i].offset;
    const int64_t end = at + runs[i].length;
    for (; at + U <= end; at += U) stepRows<MR, NV, U>(acc, rows, at, b);
    for (; at < end; ++at) stepRows<MR, NV, 1>(acc, rows, at, b);
  }
  storeTile<MR, NV>(acc, target);
}

// A in place, its rows contiguous and `stride` apart along K: a packed panel, or a matrix that is used transposed.
template <int MR, int NV, class B, class To>
void tileStrided(const float* a, int64_t stride, B b, int64_t depth, const To& target) {
  Vec acc[MR][NV] = {};
  for (int64_t k = 0; k < depth; ++k, a += stride) {
    target.prefetch(k, MR);
    Vec bs[1][NV];
    takeRows(bs, b);
#pragma GCC unroll 24
    for (int r = 0; r < MR; ++r) {
      const Vec x = splat(a[r]);
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) acc[r][v] += x * bs[0][v];
    }
  }
  storeTile<MR, NV>(acc, target);
}

template <int MR, int NV, class To>
void tilePacked(const float* a, int64_t depth, const float* b, const To& target) {
  tileStrided<MR, NV>(a, kRows, b, depth, target);
}

// The largest tile height not above `left`.
template <class Use>
inline int64_t withTileRows(int64_t left, bool narrow, Use&& use) {
  if (narrow && left >= kRowsNarrow) return use(std::integral_constant<int, kRowsNarrow>{}), kRowsNarrow;
  if (left >= kRows) return use(std::integral_constant<int, kRows>{}), kRows;
  if (kRows > 8 && left >= 8) return use(std::integral_constant<int, 8>{}), 8;
  if (left >= 4) return use(std::integral_constant<int, 4>{}), 4;
  if (left >= 2) return use(std::integral_constant<int, 2>{}), 2;
  return use(std::integral_constant<int, 1>{}), 1;
}

// Width of the packed panel that starts at `column` of `columns`: one vector when that is enough, else two.
inline int64_t panelWidth(int64_t columns, int64_t column) {
  return columns - column <= kLanes ? kLanes : kColumns;
}
