// Both gradients of a convolution with few kept weights, band by band of its input:
//   of its input       a convolution of the output gradient, by the transposed kept weights
//   of kept weight i   of output channel o: the sum over images and pixels of dy[o] times the input that the weight met. A
//                      rectangle of dy stays in registers while the kept weights of its channel pass by.
// The output gradient is computed from that of the batch norm behind the convolution as it is loaded, and the input gradient
// goes back through the one in front of it while it is in the cache.
#include <array>
#include <utility>

#include "sparse-conv.h"
#include "sparse-layout.h"
#include "sparse-tile.h"
#include "threads.h"
#include "tile-norm.h"

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
  int64_t dyRow, dyColumn;
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
    for (int x = 0; x < X; ++x) held[r][x] = load(at.dy + r * at.dyRow + (STRIDE == 1 ? x * kLanes : x * at.dyColumn));
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

// In the band of the output gradient pixels lie as far apart as windows in that of the input.
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

// The convolution forward and that of its input gradient, cut into bands that cover the same part of an image: `rows` output
// rows and the `stride` times as many input rows that they start from.
struct Bands {
  TileConv forward, back;
  int64_t rows, count;

  explicit Bands(const Call& call) : forward(call), back(call, 1 + TileConv::kNumbers) {
    rows = std::max<int64_t>(1, std::min(forward.bandRows(), back.bandRows() / forward.strideY));
    count = (forward.outHeight + rows - 1) / rows;
  }
  // Output rows of band i, and input rows; what is left of either belongs to the last band.
  int64_t outRows(int64_t i) const { return std::min(rows, forward.outHeight - i * rows); }
  int64_t firstIn(int64_t i) const { return i * rows * forward.strideY; }
  int64_t inRows(int64_t i) const { return (i + 1 == count ? back.outHeight : firstIn(i + 1)) - firstIn(i); }
  int64_t mostInRows() const { return std::max(inRows(0), inRows(count - 1)); }
};

}  // namespace

// operands:
//   0 x, mean, scale, shift (or 0), residual or 0: what the convolution read
//   5 gradient to be added to that of what it read, or 0
//   6 dy: behind the batch norm if one follows; y, or 0 where neither that nor a ReLU follows
//   8 mean, variance, scale, sums of g * (y - mean), sums of g (or 0): of that batch norm
//  13 starts [outChannels + 1], taps, values, transposed starts [channels + 1], transposed taps, their places among the values
//  19 out, each or 0: dx (in front of the ReLU, as g), sums of g * (x - mean), sums of g, gradient of the values, of gamma
// numbers: tiles, those of TileConv, those of the input gradient, ReLU of what is read, ReLU of the output, images, epsilon
KERNEL(SparseConvGrad) {
  const Bands bands(call);
  const TileConv &conv = bands.forward, &back = bands.back;
  constexpr int kBehind = 1 + 2 * TileConv::kNumbers;
  const NormedTiles from{call.in<float>(0), call.in<float>(1), call.in<float>(2), call.in<float>(3), call.in<float>(4), call.flag(kBehind)};
  const float* more = call.in<float>(5);
  float* lines = scratch(Scratch::Local, 2 * conv.outChannels);
  const MomentsGrad gradient{call.in<float>(6), call.in<float>(7), call.in<float>(8), call.in<float>(10), lines,
                             lines + conv.outChannels, call.flag(kBehind + 1)};
  const int32_t *starts = call.in<int32_t>(13), *taps = call.in<int32_t>(14);
  const float* values = call.in<float>(15);
  const int32_t *backStarts = call.in<int32_t>(16), *backTaps = call.in<int32_t>(17), *places = call.in<int32_t>(18);
  float *dx = call.out<float>(19), *products = call.out<float>(20), *sums = call.out<float>(21), *dvalues = call.out<float>(22);
  const int64_t images = call.integer(kBehind + 2), kept = starts[conv.outChannels];
  if (gradient.mean)
    momentsGradLines(conv.outChannels, static_cast<double>(images * conv.outHeight * conv.outWidth), call.in<float>(12),
                     call.in<float>(11), call.in<float>(9), static_cast<float>(call.number(kBehind + 3)), lines,
                     lines + conv.outChannels, call.out<float>(23));

  const Band inBand(conv, bands.rows), outBand(back, bands.mostInRows());
  int32_t* offsets = reinterpret_cast<int32_t*>(scratch(Scratch::PackedA, 3 * kept + 1));
  Entry* entries = reinterpret_cast<Entry*>(offsets + kept);
  for (int64_t i = 0; i < kept; ++i) {
    offsets[i] = inBand.offset(taps[i]);
    entries[i] = {outBand.offset(backTaps[i]), values[places[i]]};
  }
  // By tile: the gradient of each kept weight, and the sums of g and of g * (x - mean) of each channel.
  float* ofValues = scratch(Scratch::PackedB, conv.tiles * (kept + 2 * conv.channels));
  auto* ofChannels = reinterpret_cast<std::array<float, 2>*>(ofValues + conv.tiles * kept);
  const int64_t inRow = conv.strideY * inBand.pitch * kLanes, inColumn = conv.strideX * kLanes;
  const int64_t dyRow = back.upY * outBand.pitch * kLanes, dyColumn = back.upX * kLanes, dyPlane = outBand.rows * outBand.pitch * kLanes;

  parallel(conv.tiles, [&](int64_t tile) {
    const int64_t lanes = std::clamp<int64_t>(images - tile * kLanes, 0, kLanes);
    float* const inCells = scratch(Scratch::Padded, inBand.floats() + outBand.floats());
    float* const outCells = inCells + inBand.floats();
    float* const vectors = scratch(Scratch::Partial, kept * kLanes + 1);
    std::fill_n(vectors, kept * kLanes, 0.0f);
    auto* const channelSums = ofChannels + tile * conv.channels;
    std::fill_n(channelSums, conv.channels, std::array<float, 2>{});
    for (int64_t i = 0; i < bands.count; ++i) {
      loadBand(back, outBand, bands.firstIn(i), outCells, [&](int64_t c, int64_t row, int64_t cells, float* to, int64_t step) {
        gradient.read(c, (tile * back.channels + c) * back.inPlane() + row * back.width * kLanes, cells, lanes, to, step);
      });
      if (dvalues) {
        loadBand(conv, inBand, i * bands.rows, inCells, [&](int64_t c, int64_t row, int64_t cells, float* to, int64_t step) {
          from.read(c, (tile * conv.channels + c) * conv.inPlane() + row * conv.width * kLanes, cells, to, step);
        });
        // Where the band of the output gradient has the first pixel of these output rows.
        const float* dy = outCells + (back.top * outBand.pitch + back.left) * kLanes;
        for (int64_t o = 0; o < conv.outChannels; ++o)
          eachRectangle(bands.outRows(i), conv.outWidth, largest, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
            const float* at = dy + o * dyPlane + row * dyRow + column * dyColumn;
            sumsKernel(rows, columns, inColumn)({at, dyRow, dyColumn, inCells + row * inRow + column * inColumn, inRow, inColumn},
                                                offsets + starts[o], offsets + starts[o + 1], vectors + starts[o] * kLanes);
          });
      }
      if (!dx) continue;
      for (int64_t c = 0; c < conv.channels; ++c) {
        const int64_t at = (tile * conv.channels + c) * conv.inPlane() + bands.firstIn(i) * conv.width * kLanes;
        multiplyBand(back, outBand, outCells, bands.inRows(i), entries + backStarts[c], entries + backStarts[c + 1], 0, false, dx + at);
        const int64_t floats = bands.inRows(i) * conv.width * kLanes;
        const auto of = from.readBack(c, at, floats, lanes, dx + at, more ? more + at : nullptr);
        for (size_t k = 0; k < 2; ++k) channelSums[c][k] += of[k];
      }
    }
    if (dvalues) sumLanesOfEach(vectors, kept, ofValues + tile * kept);
  });

  if (sums) addSums(ofChannels, conv.tiles, conv.channels, sums, products);
  if (!dvalues) return;
  parallelRange(kept, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (int64_t tile = 0; tile < conv.tiles; ++tile) sum += ofValues[tile * kept + i];
      dvalues[i] = static_cast<float>(sum);
    }
  });
}
