// Products of one compressed-sparse-row matrix (rows of outputs) with matrices whose rows are contiguous, [features][n]:
// vectors run along n, so nothing is gathered and every kept weight is used for a whole row.
#include <algorithm>
#include <array>

#include "call.h"
#include "columns.h"
#include "micro.h"
#include "sparse-layout.h"
#include "threads.h"

namespace {

struct Csr {
  const int32_t *starts, *columns;
  const float* values;
  // Where value i of the matrix stands in `values`, or null: lets a transposed pattern read the weights where they are.
  const int32_t* places;
  float value(int32_t i) const { return values[places ? places[i] : i]; }
};

constexpr int kWide = 8;

// y[row, column ...] of NV vectors, the last of them `last` lanes wide.
template <int NV, bool PLACES>
void rowProduct(const Csr& m, int64_t row, const float* x, int64_t n, int64_t last, float bias, bool withRelu, float* y) {
  Vec acc[NV];
  for (int v = 0; v < NV; ++v) acc[v] = splat(bias);
  const auto partial = [&](const float* p, int v) { return v + 1 == NV && last < kLanes ? loadPartial(p, last) : load(p); };
  for (int32_t i = m.starts[row]; i < m.starts[row + 1]; ++i) {
    const Vec weight = splat(PLACES ? m.values[m.places[i]] : m.values[i]);
    const float* from = x + m.columns[i] * n;
    if (last == kLanes) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[v] += weight * load(from + v * kLanes);
    } else {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[v] += weight * partial(from + v * kLanes, v);
    }
  }
  for (int v = 0; v < NV; ++v) {
    const Vec value = withRelu ? relu(acc[v]) : acc[v];
    if (v + 1 < NV || last == kLanes) {
      store(y + v * kLanes, value);
    } else {
      storePartial(y + v * kLanes, value, last);
    }
  }
}

using RowProduct = void (*)(const Csr&, int64_t, const float*, int64_t, int64_t, float, bool, float*);
template <bool PLACES, int... I>
constexpr std::array<RowProduct, kWide> rowProducts(std::integer_sequence<int, I...>) {
  return {rowProduct<I + 1, PLACES>...};
}
constexpr auto kPlain = rowProducts<false>(std::make_integer_sequence<int, kWide>{});
constexpr auto kPlaced = rowProducts<true>(std::make_integer_sequence<int, kWide>{});

// Rows of a task: a fixed share of the work, whatever the number of threads.
int64_t rowGrain(int64_t rows, int64_t work) {
  const int64_t tasks = std::clamp<int64_t>(work / 32768, 1, 64);
  return std::max<int64_t>(1, (rows + tasks - 1) / tasks);
}

// Sums of the lanes of kLanes vectors, as one vector: pairs are merged half by half.
template <int W>
inline Vec sumEach(std::array<Vec, kLanes>& rows) {
  for (int i = 0; i < W; ++i) {
    exchange<W>(rows[static_cast<size_t>(i)], rows[static_cast<size_t>(i + W)], std::make_integer_sequence<int, kLanes>{});
    rows[static_cast<size_t>(i)] += rows[static_cast<size_t>(i + W)];
  }
  if constexpr (W > 1) return sumEach<W / 2>(rows);
  return rows[0];
}

// out[i] (+)= a[row, :] . b[column of i, :] for the kept positions of a row, over NV vectors of columns.
template <int NV>
void sampledRow(const Csr& m, int64_t row, const float* a, const float* b, int64_t n, int64_t last, bool add, float* out) {
  const auto at = [&](const float* p, int v) { return v + 1 == NV && last < kLanes ? loadPartial(p + v * kLanes, last) : load(p + v * kLanes); };
  Vec left[NV];
  for (int v = 0; v < NV; ++v) left[v] = at(a, v);
  const int32_t end = m.starts[row + 1];
  std::array<Vec, kLanes> sums;
  for (int32_t i = m.starts[row]; i < end; i += kLanes) {
    const int64_t count = std::min<int64_t>(kLanes, end - i);
    for (int64_t k = 0; k < count; ++k) {
      const float* right = b + m.columns[i + k] * n;
      Vec even{}, odd{};
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) (v & 1 ? odd : even) += left[v] * at(right, v);
      sums[static_cast<size_t>(k)] = even + odd;
    }
    for (int64_t k = count; k < kLanes; ++k) sums[static_cast<size_t>(k)] = Vec{};
    Vec total = sumEach<kLanes / 2>(sums);
    if (add) total += loadPartial(out + i, count);
    if (count == kLanes) {
      store(out + i, total);
    } else {
      storePartial(out + i, total, count);
    }
  }
}

using SampledRow = void (*)(const Csr&, int64_t, const float*, const float*, int64_t, int64_t, bool, float*);
template <int... I>
constexpr std::array<SampledRow, kWide> sampledRows(std::integer_sequence<int, I...>) {
  return {sampledRow<I + 1>...};
}
constexpr auto kSampled = sampledRows(std::make_integer_sequence<int, kWide>{});

// Calls body(first column, vectors, lanes of the last one) for strips of at most kWide vectors.
template <class Body>
void eachStrip(int64_t n, Body&& body) {
  for (int64_t column = 0; column < n; column += kWide * kLanes) {
    const int64_t width = std::min<int64_t>(kWide * kLanes, n - column), vectors = (width + kLanes - 1) / kLanes;
    body(column, vectors, width - (vectors - 1) * kLanes);
  }
}

}  // namespace

// y[rows, n] = matrix[rows, columns] x[columns, n] + bias[rows], with ReLU if wanted
// operands: starts, columns, values, places or 0, x, bias or 0, y; numbers: rows, n, relu
KERNEL(CsrTimesDense) {
  const Csr m{call.in<int32_t>(0), call.in<int32_t>(1), call.in<float>(2), call.in<int32_t>(3)};
  const float *x = call.in<float>(4), *bias = call.in<float>(5);
  float* y = call.out<float>(6);
  const int64_t rows = call.integer(0), n = call.integer(1);
  const bool withRelu = call.flag(2);
  if (rows == 0 || n == 0) return;
  const auto& kernels = m.places ? kPlaced : kPlain;
  parallelRange(rows, rowGrain(rows, m.starts[rows] * n), [&](int64_t begin, int64_t end) {
    eachStrip(n, [&](int64_t column, int64_t vectors, int64_t last) {
      const RowProduct kernel = kernels[static_cast<size_t>(vectors - 1)];
      for (int64_t row = begin; row < end; ++row)
        kernel(m, row, x + column, n, last, bias ? bias[row] : 0, withRelu, y + row * n + column);
    });
  });
}

// out[i] = a[row of i, :] . b[column of i, :] at the kept positions
// operands: starts, columns, a [rows, n], b [columns, n], out; numbers: rows, n
KERNEL(SampledProduct) {
  const Csr m{call.in<int32_t>(0), call.in<int32_t>(1), nullptr, nullptr};
  const float *a = call.in<float>(2), *b = call.in<float>(3);
  float* out = call.out<float>(4);
  const int64_t rows = call.integer(0), n = call.integer(1);
  if (rows == 0) return;
  if (n == 0) return std::fill_n(out, m.starts[rows], 0.0f), void();
  parallelRange(rows, rowGrain(rows, m.starts[rows] * n), [&](int64_t begin, int64_t end) {
    eachStrip(n, [&](int64_t column, int64_t vectors, int64_t last) {
      const SampledRow kernel = kSampled[static_cast<size_t>(vectors - 1)];
      for (int64_t row = begin; row < end; ++row)
        kernel(m, row, a + row * n + column, b + column, n, last, column > 0, out);
    });
  });
}

// to[column, row] = from[row, column]; operands: from, to; numbers: rows, columns
KERNEL(TransposeMatrix) {
  const float* from = call.in<float>(0);
  float* to = call.out<float>(1);
  const int64_t rows = call.integer(0), columns = call.integer(1);
  const int64_t strips = (columns + kLanes - 1) / kLanes;
  parallelRange(strips, std::max<int64_t>(1, 16384 / (rows * kLanes + 1)), [&](int64_t begin, int64_t end) {
    std::array<Vec, kLanes> block;
    for (int64_t strip = begin; strip < end; ++strip)
      for (int64_t row = 0; row < rows; row += kLanes) {
        const int64_t column = strip * kLanes;
        const int64_t height = std::min<int64_t>(kLanes, rows - row), width = std::min<int64_t>(kLanes, columns - column);
        for (int64_t i = 0; i < kLanes; ++i) {
          const float* p = from + (row + i) * columns + column;
          block[static_cast<size_t>(i)] = i >= height ? Vec{} : width == kLanes ? load(p) : loadPartial(p, width);
        }
        transpose(block);
        for (int64_t i = 0; i < width; ++i) {
          float* p = to + (column + i) * rows + row;
          if (height == kLanes) {
            store(p, block[static_cast<size_t>(i)]);
          } else {
            storePartial(p, block[static_cast<size_t>(i)], height);
          }
        }
      }
  });
}
