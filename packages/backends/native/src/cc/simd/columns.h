// Sums down the columns of row-major data, a few vectors of columns at a time in registers.
#pragma once
#include <array>
#include <cstdint>

#include "simd/simd.h"

// A vector of consecutive columns: all lanes, or only the first `count`.
struct Whole {
  Vec operator()(const float* p) const { return load(p); }
  void put(float* p, Vec v) const { store(p, v); }
};
struct Part {
  int64_t count;
  Vec operator()(const float* p) const { return loadPartial(p, count); }
  void put(float* p, Vec v) const { storePartial(p, v, count); }
};

template <int K, int NV, class Lanes, class Row>
inline void sumColumnBlock(int64_t begin, int64_t end, int64_t column, int64_t columns, Lanes lanes, Row&& row, float* out) {
  // With one vector of columns, four rows run side by side so that the additions do not wait for each other.
  constexpr int kSide = NV == 1 ? 4 : 1;
  Vec acc[kSide][NV][K] = {};
  int64_t i = begin;
  for (; i + kSide <= end; i += kSide)
    for (int s = 0; s < kSide; ++s)
      for (int v = 0; v < NV; ++v) {
        const std::array<Vec, K> terms = row(i + s, column + v * kLanes, lanes);
        for (int k = 0; k < K; ++k) acc[s][v][k] += terms[k];
      }
  for (; i < end; ++i) {
    const std::array<Vec, K> terms = row(i, column, lanes);
    for (int k = 0; k < K; ++k) acc[0][0][k] += terms[k];
  }
  for (int v = 0; v < NV; ++v)
    for (int k = 0; k < K; ++k) {
      Vec sum = acc[0][v][k];
      for (int s = 1; s < kSide; ++s) sum += acc[s][v][k];
      lanes.put(out + k * columns + column + v * kLanes, sum);
    }
}

// out[k][column] = sum over rows [begin, end) of row(i, column, lanes)[k]; `row` returns K vectors for the columns from
// `column` on and reads memory through `lanes`.
template <int K, class Row>
inline void sumColumns(int64_t begin, int64_t end, int64_t columns, Row&& row, float* out) {
  int64_t column = 0;
  for (; column + 4 * kLanes <= columns; column += 4 * kLanes)
    sumColumnBlock<K, 4>(begin, end, column, columns, Whole{}, row, out);
  for (; column + kLanes <= columns; column += kLanes)
    sumColumnBlock<K, 1>(begin, end, column, columns, Whole{}, row, out);
  if (column < columns) sumColumnBlock<K, 1>(begin, end, column, columns, Part{columns - column}, row, out);
}

// Calls body(column, lanes) for each vector of columns of a row.
template <class Body>
inline void eachColumn(int64_t columns, Body&& body) {
  int64_t column = 0;
  for (; column + kLanes <= columns; column += kLanes) body(column, Whole{});
  if (column < columns) body(column, Part{columns - column});
}

// Rows of a chunk: about 128 kB of data, whatever the thread count.
inline int64_t rowsPerChunk(int64_t columns) {
  const int64_t rows = 32768 / (columns > 0 ? columns : 1);
  return rows < 8 ? 8 : rows;
}
