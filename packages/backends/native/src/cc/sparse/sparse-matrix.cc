// Products of one compressed-sparse-row matrix (rows of outputs) with matrices whose rows are contiguous, [features][n]:
// vectors run along n, so nothing is gathered and every kept weight is used for a whole row.
#include <algorithm>
#include <array>
#include <vector>

#include "addon/call.h"
#include "gemm/micro.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "tiles/tile-images.h"

namespace {

struct Csr {
  const int32_t *starts, *columns;
  const float* values;
  // Where value i of the matrix stands in `values`, or null: lets a transposed pattern read the weights where they are.
  const int32_t* places;
  float value(int32_t i) const { return values[places ? places[i] : i]; }
};

constexpr int kWide = 8;
// Of x, what a row uses before the next row does: within the first-level cache if most of it is used, else within the second,
// because sums that come and go and loops that end after a few weights cost more than the nearer cache saves.
constexpr int64_t kDenseBlockBytes = 36 << 10;
constexpr int64_t kSparseBlockBytes = int64_t{640} << 10;
constexpr int64_t kDenseShare = 3;  // one weight in so many is kept, or more
constexpr int64_t kUsesToPack = 16;

// A row's weights [begin, end) times a strip of x of NV vectors, the last of them `last` lanes wide.
struct RowPart {
  int32_t begin, end;
  const float* x;
  int64_t stride;  // floats between the rows of x
  int64_t last;
  bool first, finish;  // of the row
  float bias;
  bool biasLast;  // added to the sum, which else starts from it
  bool relu;
  float* y;
};

// Vector v of NV; WHOLE: all lanes of the last one exist.
template <int NV, bool WHOLE>
[[gnu::always_inline]] inline Vec vectorAt(const float* p, int v, int64_t last) {
  return !WHOLE && v + 1 == NV ? loadPartial(p + v * kLanes, last) : load(p + v * kLanes);
}

template <int NV, bool WHOLE, bool PLACES>
void rowProduct(const Csr& m, const RowPart& part) {
  Vec acc[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) acc[v] = part.first ? (part.biasLast ? Vec{} : splat(part.bias)) : vectorAt<NV, WHOLE>(part.y, v, part.last);
  const float *const x = part.x, *const values = m.values;
  const int32_t *const columns = m.columns, *const places = m.places;
  const int64_t stride = part.stride, last = part.last;
  for (int64_t i = part.begin, end = part.end; i < end; ++i) {
    const Vec weight = splat(PLACES ? values[places[i]] : values[i]);
    const float* from = x + columns[i] * stride;
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[v] += weight * vectorAt<NV, WHOLE>(from, v, last);
  }
  const bool withRelu = part.finish && part.relu;
  if (part.finish && part.biasLast) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[v] += splat(part.bias);
  }
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const Vec value = withRelu ? relu(acc[v]) : acc[v];
    if (WHOLE || v + 1 < NV) {
      store(part.y + v * kLanes, value);
    } else {
      storePartial(part.y + v * kLanes, value, last);
    }
  }
}

using RowProduct = void (*)(const Csr&, const RowPart&);
template <bool WHOLE, bool PLACES, int... I>
constexpr std::array<RowProduct, kWide> rowProducts(std::integer_sequence<int, I...>) {
  return {rowProduct<I + 1, WHOLE, PLACES>...};
}
using Widths = std::make_integer_sequence<int, kWide>;
constexpr std::array<RowProduct, kWide> kRowProducts[2][2] = {
    {rowProducts<false, false>(Widths{}), rowProducts<false, true>(Widths{})},
    {rowProducts<true, false>(Widths{}), rowProducts<true, true>(Widths{})}};

// Below so many instructions one thread is faster: handing its operands to another costs more than the half of the work.
constexpr int64_t kSharedWork = int64_t{1} << 17;

// Vectors that hold n columns: a weight costs an instruction for each of them.
int64_t vectorsOf(int64_t n) { return ceilDivide(n, kLanes); }

// Rows of a task: a fixed share of the work in multiply-add instructions, whatever the number of threads.
int64_t rowGrain(int64_t rows, int64_t work) {
  const int64_t tasks = work < kSharedWork ? 1 : std::clamp<int64_t>(work / 4096, 1, 16);
  return std::max<int64_t>(1, ceilDivide(rows, tasks));
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
template <int NV, bool WHOLE>
void sampledRow(const Csr& m, int64_t row, const float* a, const float* b, int64_t n, int64_t last, bool add, float* out) {
  Vec left[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) left[v] = vectorAt<NV, WHOLE>(a, v, last);
  const int64_t end = m.starts[row + 1];
  std::array<Vec, kLanes> sums;
  for (int64_t i = m.starts[row]; i < end; i += kLanes) {
    const int64_t count = std::min<int64_t>(kLanes, end - i);
    for (int64_t k = 0; k < count; ++k) {
      const float* right = b + m.columns[i + k] * n;
      Vec even{}, odd{};
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) (v & 1 ? odd : even) += left[v] * vectorAt<NV, WHOLE>(right, v, last);
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
template <bool WHOLE, int... I>
constexpr std::array<SampledRow, kWide> sampledRows(std::integer_sequence<int, I...>) {
  return {sampledRow<I + 1, WHOLE>...};
}
constexpr std::array<SampledRow, kWide> kSampled[2] = {sampledRows<false>(Widths{}), sampledRows<true>(Widths{})};

// Calls body(first column, vectors, lanes of the last one) for strips of at most kWide vectors.
template <class Body>
void eachStrip(int64_t n, Body&& body) {
  for (int64_t column = 0; column < n; column += kWide * kLanes) {
    const int64_t width = std::min<int64_t>(kWide * kLanes, n - column), vectors = vectorsOf(width);
    body(column, vectors, width - (vectors - 1) * kLanes);
  }
}

struct Operands {
  const float *x, *bias;
  float* y;
  int64_t rows, columns, n;
  bool biasLast, relu;
};

// One column: dot products with several partial sums, added in a fixed order.
void timesVector(const Csr& m, const Operands& o) {
  constexpr int kSide = 8;
  parallelRange(o.rows, rowGrain(o.rows, m.starts[o.rows]), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float sums[kSide] = {o.bias && !o.biasLast ? o.bias[row] : 0};
      int32_t i = m.starts[row];
      const int32_t last = m.starts[row + 1];
      for (; i + kSide <= last; i += kSide)
        for (int s = 0; s < kSide; ++s) sums[s] += m.value(i + s) * o.x[m.columns[i + s]];
      for (; i < last; ++i) sums[0] += m.value(i) * o.x[m.columns[i]];
      float sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
      if (o.bias && o.biasLast) sum += o.bias[row];
      o.y[row] = o.relu ? relu(sum) : sum;
    }
  });
}

// Strips of x side by side, each [columns][width]: rows that lie a power of two apart share few places in the caches.
void packStrips(const Operands& o, int64_t width, float* to) {
  const int64_t strips = ceilDivide(o.n, width);
  parallelRange(strips * o.columns, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t strip = i / o.columns, row = i % o.columns, column = strip * width;
      std::copy_n(o.x + row * o.n + column, std::min(width, o.n - column), to + i * width);
    }
  });
}

// A strip of x [columns][stride] with the rows [begin, end), x in blocks of columns that stay in a cache while all these rows
// use them. Weights of a row come in ascending columns.
void rowsTimesStrip(const Csr& m, const Operands& o, int64_t begin, int64_t end, const float* x, int64_t stride, int64_t column, int64_t width) {
  const int64_t vectors = vectorsOf(width), last = width - (vectors - 1) * kLanes;
  const RowProduct kernel = kRowProducts[last == kLanes][m.places != nullptr][static_cast<size_t>(vectors - 1)];
  const bool dense = kDenseShare * m.starts[o.rows] >= o.rows * o.columns;
  const int64_t block = (dense ? kDenseBlockBytes : kSparseBlockBytes) / (vectors * kLanes * 4);
  thread_local std::vector<int32_t> next;
  next.assign(m.starts + begin, m.starts + end);
  for (int64_t first = 0; first < o.columns || first == 0; first += block) {
    const bool finish = first + block >= o.columns;
    for (int64_t row = begin; row < end; ++row) {
      const int32_t from = next[static_cast<size_t>(row - begin)], limit = m.starts[row + 1];
      int32_t to = finish ? limit : from;
      while (to < limit && m.columns[to] < first + block) ++to;
      next[static_cast<size_t>(row - begin)] = to;
      kernel(m, {from, to, x, stride, last, first == 0, finish, o.bias ? o.bias[row] : 0, o.bias && o.biasLast, o.relu, o.y + row * o.n + column});
    }
  }
}

}  // namespace

// y[rows, n] = matrix[rows, columns] x[columns, n] + bias[rows], with ReLU if wanted. Weight i of row r has i from starts[r] to
// starts[r + 1], and is values[places[i]] where there are places. Sums start from the bias; with biasLast they go as those of a
// dense product whose K is one slice (gemm/multiply.h), where weights of 0 change nothing: the same bits, for n above 1.
KERNEL(CsrTimesDense, (starts, columns, values, OPTIONAL(places), x, OPTIONAL(bias), OUT(y)), (rows, columns, n, biasLast, relu)) {
  const Csr m{call.in<int32_t>(Operand::starts), call.in<int32_t>(Operand::columns), call.in<float>(Operand::values),
              call.in<int32_t>(Operand::places)};
  const Operands o{call.in<float>(Operand::x), call.in<float>(Operand::bias), call.out<float>(Operand::y),
                   call.integer(Number::rows), call.integer(Number::columns), call.integer(Number::n), call.flag(Number::biasLast), call.flag(Number::relu)};
  if (o.rows == 0 || o.n == 0) return;
  if (o.n == 1) return timesVector(m, o);
  const int64_t width = kWide * kLanes, strips = ceilDivide(o.n, width), weights = m.starts[o.rows];
  // Vectors that straddle cache lines take twice as long to load.
  const bool aligned = reinterpret_cast<uintptr_t>(o.x) % (kLanes * 4) == 0 && o.n % kLanes == 0;
  const bool packed = (strips > 1 || !aligned) && weights >= kUsesToPack * o.columns;
  float* const pack = packed ? scratch(Scratch::PackedB, strips * o.columns * width) : nullptr;
  if (packed) packStrips(o, width, pack);
  const int64_t grain = rowGrain(o.rows, weights * vectorsOf(o.n)), groups = ceilDivide(o.rows, grain);
  parallel(strips * groups, [&](int64_t task) {
    const int64_t strip = task / groups, begin = task % groups * grain, column = strip * width;
    const float* x = packed ? pack + strip * o.columns * width : o.x + column;
    rowsTimesStrip(m, o, begin, std::min(o.rows, begin + grain), x, packed ? width : o.n, column, std::min(width, o.n - column));
  });
}

// out[i] = a[row of i, :] . b[column of i, :] at the kept positions; a [rows, n], b [columns, n]
KERNEL(SampledProduct, (starts, columns, a, b, OUT(out)), (rows, n)) {
  const Csr m{call.in<int32_t>(Operand::starts), call.in<int32_t>(Operand::columns), nullptr, nullptr};
  const float *a = call.in<float>(Operand::a), *b = call.in<float>(Operand::b);
  float* out = call.out<float>(Operand::out);
  const int64_t rows = call.integer(Number::rows), n = call.integer(Number::n);
  if (rows == 0) return;
  if (n == 0) return std::fill_n(out, m.starts[rows], 0.0f), void();
  parallelRange(rows, rowGrain(rows, m.starts[rows] * vectorsOf(n)), [&](int64_t begin, int64_t end) {
    eachStrip(n, [&](int64_t column, int64_t vectors, int64_t last) {
      const SampledRow kernel = kSampled[last == kLanes][static_cast<size_t>(vectors - 1)];
      for (int64_t row = begin; row < end; ++row)
        kernel(m, row, a + row * n + column, b + column, n, last, column > 0, out);
    });
  });
}

// to[column, row] = from[row, column]
KERNEL(TransposeMatrix, (from, OUT(to)), (rows, columns)) {
  const float* from = call.in<float>(Operand::from);
  float* to = call.out<float>(Operand::to);
  const int64_t rows = call.integer(Number::rows), columns = call.integer(Number::columns);
  const int64_t strips = vectorsOf(columns);
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
