// Both gradients of a convolution with few kept weights, band by band of its input. Where an input pixel meets output gradients by
// way of a kept weight (the transposed kept weights' windows of the padded output gradient), the weight's gradient is a sum of
// input times output gradient, and the input's of weight times output gradient. So a rectangle of the input and one of its
// gradient stay in registers while the kept weights of their channel pass by, and what is loaded serves both.
// The output gradient is computed from that of the batch norm behind the convolution as it is loaded. The input is computed by
// the batch norm in front as it meets the weights, and its gradient goes back through that norm before it is written.
#include <array>
#include <utility>

#include "runtime/threads.h"
#include "sparse-training/sparse-conv.h"
#include "sparse/rectangles.h"
#include "sparse/sparse-tile.h"
#include "tiles/tile-images.h"
#include "tiles/tile-norm.h"

namespace {

// Cells of a rectangle, of one or two rows: two vectors each leave registers for the sums and what is loaded.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kHeld = 8;
#else
constexpr int kHeld = 4;
#endif

// Where a rectangle lies in the tensors of the input's shape, `row` floats from one row to the next and `plane` to the next
// channel, and in the band of the output gradient the window of its first cell.
struct Place {
  const float* dy;
  int64_t dyRow;
  const float *x, *residual, *more;  // the latter two or null
  float* dx;                         // or null
  int64_t row, plane;
};

// The next channel's cells are read and written at the same places of its planes.
void fetchNext(const Place& at, int64_t cell) {
  __builtin_prefetch(at.x + at.plane + cell);
  if (at.residual) __builtin_prefetch(at.residual + at.plane + cell);
  if (at.more) __builtin_prefetch(at.more + at.plane + cell);
  if (at.dx) __builtin_prefetch(at.dx + at.plane + cell, 1);
}

// Adds to sums[i] what the rectangle gives to the gradient of weight i, by lanes, and to `ofNorm` its sums of g and g * (x - mean).
template <int R, int X>
void rectangleGradients(const Place& at, const NormedChannel& norm, const Entry* entry, const Entry* end, float* sums,
                        std::array<Vec, 2>& ofNorm) {
  constexpr int kChains = R * X < 4 ? 1 : 4;
  Vec value[R][X], gradient[R][X] = {};
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int x = 0; x < X; ++x) {
      const int64_t cell = r * at.row + x * kLanes;
      fetchNext(at, cell);
      value[r][x] = norm.read(at.x + cell, at.residual ? load(at.residual + cell) : Vec{});
    }
  for (; entry != end; ++entry, sums += kLanes) {
    const Vec weight = splat(entry->weight);
    const float* window = at.dy + entry->offset;
    Vec chain[kChains] = {};
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        const Vec dy = load(window + r * at.dyRow + x * kLanes);
        gradient[r][x] += weight * dy;
        chain[(r * X + x) % kChains] += value[r][x] * dy;
      }
    Vec sum = chain[0];
#pragma GCC unroll 4
    for (int c = 1; c < kChains; ++c) sum += chain[c];
    store(sums, load(sums) + sum);
  }
  if (!at.dx) return;
  std::array<Vec, 2> added{};
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int x = 0; x < X; ++x) {
      const int64_t cell = r * at.row + x * kLanes;
      if (at.more) gradient[r][x] += load(at.more + cell);
      const Vec g = norm.readBack(gradient[r][x], value[r][x]);
      added[0] += g, added[1] += g * norm.centred(at.x + cell);
      store(at.dx + cell, g);
    }
  for (size_t k = 0; k < 2; ++k) ofNorm[k] += added[k];
}

using GradientsFunction = void (*)(const Place&, const NormedChannel&, const Entry*, const Entry*, float*, std::array<Vec, 2>&);

template <int R, int X>
constexpr GradientsFunction gradientsFor() {
  if constexpr (R * X <= kHeld) return rectangleGradients<R, X>;
  return nullptr;
}
template <int... I>
constexpr auto gradientsTable(std::integer_sequence<int, I...>) {
  return std::array<GradientsFunction, 2 * kHeld>{gradientsFor<I / kHeld + 1, I % kHeld + 1>()...};
}
constexpr auto kGradients = gradientsTable(std::make_integer_sequence<int, 2 * kHeld>{});

TileShape largest(int64_t rows, int64_t columns) {
  const int width = static_cast<int>(std::min<int64_t>(columns, kHeld));
  return {rows > 1 && 2 * width <= kHeld ? 2 : 1, width};
}

// Rows of one channel, from those that the shortcut has of them.
void spreadRows(const Shortcut& shortcut, const float* from, int64_t tile, int64_t channel, int64_t first, int64_t rows, int64_t width,
                float* to) {
  std::fill_n(to, rows * width * kLanes, 0.0f);
  for (int64_t row = first; row < first + rows; ++row, to += width * kLanes) {
    if (!shortcut.has(row)) continue;
    const float* cells = from + shortcut.at(tile, channel, row);
    for (int64_t x = 0; x < shortcut.width; ++x) store(to + x * shortcut.stride * kLanes, load(cells + x * kLanes));
  }
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

// x, mean, scale, shift and residual: what the convolution read. `more` is added to the gradient of that, as the shortcut has it.
// dy is the gradient behind the batch norm if one follows, which y, outMean, outVariance, outScale, dOutScale (per channel the sum
// of g * (y - mean)) and dOutShift (that of g) belong to; y is there behind a ReLU too. The transposed pattern names places among
// the values. dx is the gradient in front of the ReLU of what was read, as g; dScale and dShift are its sums.
KERNEL(SparseConvGrad,
       (x, OPTIONAL(mean), OPTIONAL(scale), OPTIONAL(shift), OPTIONAL(residual), OPTIONAL(more), dy, OPTIONAL(y),
        OPTIONAL(outMean), OPTIONAL(outVariance), OPTIONAL(outScale), OPTIONAL(dOutScale), OPTIONAL(dOutShift), starts, taps, values,
        transposedStarts, transposedTaps, transposedPlaces, OPTIONAL_OUT(dx), OPTIONAL_OUT(dScale), OPTIONAL_OUT(dShift),
        OUT(dValues), OPTIONAL_OUT(dGamma)),
       (tiles, TILE_CONV, TILE_CONV_BACK, inputRelu, relu, images, epsilon, shortcutStride, shortcutChannels)) {
  const TileConv conv(call, Number::channels), back(call, Number::backChannels);
  const NormedTiles from{call.in<float>(Operand::x), call.in<float>(Operand::mean), call.in<float>(Operand::scale),
                         call.in<float>(Operand::shift), call.in<float>(Operand::residual), call.flag(Number::inputRelu)};
  const float* more = call.in<float>(Operand::more);
  const Shortcut shortcut(conv, call.integer(Number::shortcutStride), call.integer(Number::shortcutChannels));
  float* lines = scratch(Scratch::Local, 2 * conv.outChannels);
  const MomentsGrad gradient{call.in<float>(Operand::dy), call.in<float>(Operand::y), call.in<float>(Operand::outMean),
                             call.in<float>(Operand::outScale), lines,
                             lines + conv.outChannels, call.flag(Number::relu)};
  const float* values = call.in<float>(Operand::values);
  const int32_t *starts = call.in<int32_t>(Operand::transposedStarts), *taps = call.in<int32_t>(Operand::transposedTaps);
  const int32_t *places = call.in<int32_t>(Operand::transposedPlaces);
  float *dx = call.out<float>(Operand::dx), *products = call.out<float>(Operand::dScale);
  float *sums = call.out<float>(Operand::dShift), *dvalues = call.out<float>(Operand::dValues);
  const int64_t images = call.integer(Number::images), kept = starts[conv.channels];
  if (gradient.mean)
    momentsGradLines(conv.outChannels, static_cast<double>(images * conv.outHeight * conv.outWidth),
                     call.in<float>(Operand::dOutShift), call.in<float>(Operand::dOutScale),
                     call.in<float>(Operand::outVariance), static_cast<float>(call.number(Number::epsilon)), lines,
                     lines + conv.outChannels, call.out<float>(Operand::dGamma));

  const int64_t bandRows = back.bandRows();
  const Band band(back, bandRows);
  Entry* entries = reinterpret_cast<Entry*>(scratch(Scratch::Entries, 2 * kept + 1));
  for (int64_t i = 0; i < kept; ++i) entries[i] = {band.offset(taps[i]), values[places[i]]};
  // By tile: the gradient of each kept weight, in the transposed order, and the sums of g and of g * (x - mean) of each channel.
  float* ofValues = scratch(Scratch::PackedB, conv.tiles * (kept + 2 * conv.channels));
  auto* ofChannels = reinterpret_cast<std::array<float, 2>*>(ofValues + conv.tiles * kept);
  const int64_t dyRow = band.pitch * kLanes, row = conv.width * kLanes;

  parallel(conv.tiles, [&](int64_t tile) {
    const int64_t lanes = std::clamp<int64_t>(images - tile * kLanes, 0, kLanes);
    float* const cells = scratch(Scratch::Padded, band.floats() + bandRows * row);
    float* const spread = cells + band.floats();
    float* const vectors = scratch(Scratch::Partial, (kept + 2 * conv.channels) * kLanes);
    std::fill_n(vectors, (kept + 2 * conv.channels) * kLanes, 0.0f);
    for (int64_t first = 0; first < conv.height; first += bandRows) {
      const int64_t known = first > 0 ? moveSharedRows(band, bandRows, cells) : 0;
      loadBand(back, band, first, known, cells, [&](int64_t c, int64_t y, int64_t columns, float* to, int64_t step) {
        gradient.read(c, (tile * back.channels + c) * back.inPlane() + y * back.width * kLanes, columns, lanes, to, step);
      });
      for (int64_t c = 0; c < conv.channels; ++c) {
        const NormedChannel norm(from, c);
        const int64_t plane = (tile * conv.channels + c) * conv.inPlane() + first * row, rows = std::min(bandRows, conv.height - first);
        const auto in = [&](const float* tensor, int64_t at) { return tensor ? tensor + plane + at : nullptr; };
        const bool spreads = more && !shortcut.whole;
        if (spreads) spreadRows(shortcut, more, tile, c, first, rows, conv.width, spread);
        float* const normSums = vectors + (kept + 2 * c) * kLanes;
        std::array<Vec, 2> ofNorm{load(normSums), load(normSums + kLanes)};
        eachRectangle(rows, conv.width, largest, [&](int64_t y, int64_t height, int64_t x, int64_t width) {
          const int64_t at = y * row + x * kLanes;
          kGradients[static_cast<size_t>((height - 1) * kHeld + width - 1)](
              {cells + y * dyRow + x * kLanes, dyRow, in(from.x, at), in(from.residual, at), spreads ? spread + at : in(more, at),
               dx ? dx + plane + at : nullptr, row, conv.inPlane()},
              norm, entries + starts[c], entries + starts[c + 1], vectors + starts[c] * kLanes, ofNorm);
        });
        store(normSums, ofNorm[0]), store(normSums + kLanes, ofNorm[1]);
      }
    }
    sumLanesOfEach(vectors, kept, ofValues + tile * kept);
    for (int64_t c = 0; c < conv.channels; ++c)
      for (int64_t k = 0; k < 2; ++k)
        ofChannels[tile * conv.channels + c][static_cast<size_t>(k)] =
            sumLanes(loadPartial(vectors + (kept + 2 * c + k) * kLanes, lanes));
  });

  if (sums) addSums(ofChannels, conv.tiles, conv.channels, sums, products);
  if (!dvalues) return;
  parallelRange(kept, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (int64_t tile = 0; tile < conv.tiles; ++tile) sum += ofValues[tile * kept + i];
      dvalues[places[i]] = static_cast<float>(sum);
    }
  });
}
