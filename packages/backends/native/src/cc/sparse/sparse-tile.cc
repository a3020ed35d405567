#include "sparse/sparse-tile.h"

#include <algorithm>
#include <array>
#include <utility>

namespace {

constexpr int kMaxRows = 4, kMaxColumns = 16;
// Accumulators that leave registers for the weight and what is loaded.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kAccumulators = 16;
#else
constexpr int kAccumulators = 8;
#endif

// STRIDE vectors from one cell's window to the next one's; 0: known at run time only.
template <int STRIDE>
inline int64_t columnOffset(int x, int64_t inColumn) {
  return STRIDE == 0 ? x * inColumn : x * STRIDE * kLanes;
}

template <int R, int X>
[[gnu::always_inline]] inline void start(Vec (&acc)[R][X], const Rectangle& to, const float* out, float bias) {
  for (int r = 0; r < R; ++r)
    for (int x = 0; x < X; ++x) acc[r][x] = to.first ? splat(bias) : load(out + r * to.outRow + x * kLanes);
}

template <int R, int X>
[[gnu::always_inline]] inline void finish(const Vec (&acc)[R][X], const Rectangle& to, float* out, const float* residual) {
  for (int r = 0; r < R; ++r)
    for (int x = 0; x < X; ++x) {
      Vec value = acc[r][x];
      if (to.last) {
        if (residual) value += load(residual + r * to.residualRow + x * kLanes);
        if (to.relu) value = relu(value);
      }
      float* at = out + r * to.outRow + x * kLanes;
      if (x + 1 < X || to.lastLanes == kLanes) {
        store(at, value);
      } else {
        storePartial(at, value, to.lastLanes);
      }
    }
}

template <int R, int X, int STRIDE>
void entries(const Rectangle& to, const Entry* e, const Entry* end, float bias) {
  Vec acc[R][X];
  start<R, X>(acc, to, to.out, bias);
  for (; e != end; ++e) {
    const Vec weight = splat(e->weight);
    const float* in = to.corner + e->offset;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int x = 0; x < X; ++x) acc[r][x] += weight * load(in + r * to.inRow + columnOffset<STRIDE>(x, to.inColumn));
  }
  finish<R, X>(acc, to, to.out, to.residual);
}

template <int R, int X, int STRIDE>
void blocks(const Rectangle& to, const BlockEntry* e, const BlockEntry* end, const float* bias, int64_t count,
            int64_t outPlane, int64_t residualPlane) {
  Vec acc[kBlock][R][X];
  for (int b = 0; b < kBlock; ++b) {
    const bool exists = b < count;
    start<R, X>(acc[b], to, exists ? to.out + b * outPlane : to.out, exists ? bias[b] : 0);
  }
  for (; e != end; ++e) {
    const float* in = to.corner + e->offset;
    Vec cells[R][X];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) cells[r][x] = load(in + r * to.inRow + columnOffset<STRIDE>(x, to.inColumn));
#pragma GCC unroll 4
    for (int b = 0; b < kBlock; ++b) {
      const Vec weight = splat(e->weights[b]);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int x = 0; x < X; ++x) acc[b][r][x] += weight * cells[r][x];
    }
  }
  for (int b = 0; b < kBlock && b < count; ++b)
    finish<R, X>(acc[b], to, to.out + b * outPlane, to.residual ? to.residual + b * residualPlane : nullptr);
}

constexpr bool isEntriesShape(int rows, int columns) {
  return rows != 3 && rows * columns <= kAccumulators && (columns <= 8 || columns == 16);
}
constexpr bool isBlocksShape(int rows, int columns) { return rows != 3 && rows * columns * kBlock <= kAccumulators; }

template <int R, int X>
constexpr std::array<EntriesFunction, 3> entriesFor() {
  if constexpr (isEntriesShape(R, X)) return {entries<R, X, 1>, entries<R, X, 2>, entries<R, X, 0>};
  return {};
}
template <int R, int X>
constexpr std::array<BlocksFunction, 3> blocksFor() {
  if constexpr (isBlocksShape(R, X)) return {blocks<R, X, 1>, blocks<R, X, 2>, blocks<R, X, 0>};
  return {};
}

template <int... I>
constexpr auto entriesTable(std::integer_sequence<int, I...>) {
  return std::array<std::array<EntriesFunction, 3>, sizeof...(I)>{entriesFor<I / kMaxColumns + 1, I % kMaxColumns + 1>()...};
}
template <int... I>
constexpr auto blocksTable(std::integer_sequence<int, I...>) {
  return std::array<std::array<BlocksFunction, 3>, sizeof...(I)>{blocksFor<I / kMaxColumns + 1, I % kMaxColumns + 1>()...};
}
constexpr auto kEntries = entriesTable(std::make_integer_sequence<int, kMaxRows * kMaxColumns>{});
constexpr auto kBlocks = blocksTable(std::make_integer_sequence<int, kMaxRows * kMaxColumns>{});

size_t index(TileShape shape) { return static_cast<size_t>((shape.rows - 1) * kMaxColumns + shape.columns - 1); }
size_t strideClass(int64_t inColumn) { return inColumn == kLanes ? 0 : inColumn == 2 * kLanes ? 1 : 2; }

template <class Exists>
TileShape largest(int64_t rows, int64_t columns, Exists&& exists) {
  for (int r = static_cast<int>(std::min<int64_t>(rows, kMaxRows)); r >= 1; --r)
    for (int x = static_cast<int>(std::min<int64_t>(columns, kMaxColumns)); x >= 1; --x)
      if (exists(r, x)) return {r, x};
  return {1, 1};
}

}  // namespace

TileShape entriesShape(int64_t rows, int64_t columns) { return largest(rows, columns, isEntriesShape); }
TileShape blocksShape(int64_t rows, int64_t columns) { return largest(rows, columns, isBlocksShape); }
EntriesFunction entriesKernel(TileShape shape, int64_t inColumn) { return kEntries[index(shape)][strideClass(inColumn)]; }
BlocksFunction blocksKernel(TileShape shape, int64_t inColumn) { return kBlocks[index(shape)][strideClass(inColumn)]; }
