// The gradient of the kept weights: for weight i of output channel o, the sum over images and pixels of dy[o] times the
// input that the weight met. A rectangle of dy stays in registers while the kept weights of its channel pass by.
#include <array>
#include <utility>

#include "sparse-conv.h"
#include "sparse-layout.h"
#include "sparse-tile.h"
#include "threads.h"

namespace {

// Rectangles of 1, 2 or 4 rows; what is held leaves registers for the sums and what is loaded.
constexpr int kMaxColumns = 16;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kHeld = 16;
#else
constexpr int kHeld = 8;
#endif

struct Place {
  const float* dy;
  int64_t dyRow;
  const float* corner;
  int64_t inRow, inColumn;
};

template <int R, int X, int STRIDE>
void rectangleSums(const Place& at, const int32_t* offset, const int32_t* end, float* sums) {
  constexpr int kChains = R * X < 4 ? 1 : 4;
  Vec held[R][X];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int x = 0; x < X; ++x) held[r][x] = load(at.dy + r * at.dyRow + x * kLanes);
  for (; offset != end; ++offset, sums += kLanes) {
    const float* in = at.corner + *offset;
    Vec chain[kChains] = {};
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int x = 0; x < X; ++x)
        chain[(r * X + x) % kChains] += held[r][x] * load(in + r * at.inRow + (STRIDE ? x * STRIDE * kLanes : x * at.inColumn));
    Vec sum = chain[0];
#pragma GCC unroll 4
    for (int c = 1; c < kChains; ++c) sum += chain[c];
    store(sums, load(sums) + sum);
  }
}

using SumsFunction = void (*)(const Place&, const int32_t*, const int32_t*, float*);
constexpr bool exists(int rows, int columns) { return rows * columns <= kHeld && (columns <= 8 || columns == 16); }

template <int R, int X>
constexpr std::array<SumsFunction, 3> sumsFor() {
  if constexpr (exists(R, X)) return {rectangleSums<R, X, 1>, rectangleSums<R, X, 2>, rectangleSums<R, X, 0>};
  return {};
}
template <int... I>
constexpr auto sumsTable(std::integer_sequence<int, I...>) {
  return std::array<std::array<SumsFunction, 3>, sizeof...(I)>{sumsFor<1 << I / kMaxColumns, I % kMaxColumns + 1>()...};
}
constexpr auto kSums = sumsTable(std::make_integer_sequence<int, 3 * kMaxColumns>{});

SumsFunction sumsKernel(int64_t rows, int64_t columns, int64_t inColumn) {
  const int64_t height = rows == 4 ? 2 : rows - 1;
  return kSums[static_cast<size_t>(height * kMaxColumns + columns - 1)][inColumn == kLanes ? 0 : inColumn == 2 * kLanes ? 1 : 2];
}

TileShape largest(int64_t rows, int64_t columns) {
  for (int r = rectangleRows(rows, columns); r >= 1; r /= 2)
    for (int x = static_cast<int>(std::min<int64_t>(columns, kMaxColumns)); x >= 1; --x)
      if (exists(r, x)) return {r, x};
  return {1, 1};
}

// out[i] = sum of the lanes of vector i
void sumLanesOfEach(const float* vectors, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t width = std::min<int64_t>(kLanes, count - i);
    std::array<Vec, kLanes> rows{};
    for (int64_t k = 0; k < width; ++k) rows[static_cast<size_t>(k)] = load(vectors + (i + k) * kLanes);
    transpose(rows);
    Vec sum = rows[0];
    for (size_t k = 1; k < kLanes; ++k) sum += rows[k];
    if (width == kLanes) {
      store(out + i, sum);
    } else {
      storePartial(out + i, sum, width);
    }
  }
}

}  // namespace

// operands: x, dy, starts [outChannels + 1], taps, out [kept weights]; numbers: those of TileConv, as in the forward pass
KERNEL(SparseConvWeights) {
  const TileConv conv(call);
  const float *x = call.in<float>(0), *dy = call.in<float>(1);
  const int32_t *starts = call.in<int32_t>(2), *taps = call.in<int32_t>(3);
  float* out = call.out<float>(4);
  const int64_t kept = starts[conv.outChannels], bandRows = conv.bandRows();
  int32_t* offsets = reinterpret_cast<int32_t*>(scratch(Scratch::PackedA, kept + 1));
  for (int64_t i = 0; i < kept; ++i) offsets[i] = conv.offset(taps[i]);
  float* partial = scratch(Scratch::PackedB, conv.tiles * kept + 1);
  const int64_t plane = conv.outHeight * conv.outWidth * kLanes, dyRow = conv.outWidth * kLanes;
  const int64_t inRow = conv.strideY * conv.pitch() * kLanes, inColumn = conv.strideX * kLanes;
  parallel(conv.tiles, [&](int64_t tile) {
    float* band = scratch(Scratch::Padded, conv.bandFloats());
    float* sums = scratch(Scratch::Partial, kept * kLanes + 1);
    std::fill_n(sums, kept * kLanes, 0.0f);
    for (int64_t first = 0; first < conv.outHeight; first += bandRows) {
      loadBand(conv, x + tile * conv.channels * conv.height * conv.width * kLanes, first, band);
      const int64_t end = std::min(conv.outHeight, first + bandRows);
      eachRectangle(first, end, conv.outWidth, largest, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
        const SumsFunction kernel = sumsKernel(rows, columns, inColumn);
        const float* corner = band + (row - first) * inRow + column * inColumn;
        const float* from = dy + tile * conv.outChannels * plane + row * dyRow + column * kLanes;
        for (int64_t o = 0; o < conv.outChannels; ++o)
          kernel({from + o * plane, dyRow, corner, inRow, inColumn}, offsets + starts[o], offsets + starts[o + 1],
                 sums + starts[o] * kLanes);
      });
    }
    sumLanesOfEach(sums, kept, partial + tile * kept);
  });
  parallelRange(kept, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (int64_t tile = 0; tile < conv.tiles; ++tile) sum += partial[tile * kept + i];
      out[i] = static_cast<float>(sum);
    }
  });
}
