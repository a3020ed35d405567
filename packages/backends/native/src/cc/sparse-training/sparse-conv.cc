#include "sparse-training/sparse-conv.h"

#include <cstring>

#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "sparse/rectangles.h"
#include "sparse/sparse-tile.h"
#include "tiles/tile-norm.h"

namespace {

void clearAddedChannels(const Shortcut& shortcut, int64_t channels, int64_t tile, float* out) {
  const int64_t plane = shortcut.height * shortcut.width * kLanes, behind = shortcut.before + channels;
  float* planes = out + tile * shortcut.channels * plane;
  std::fill_n(planes, shortcut.before * plane, 0.0f);
  std::fill_n(planes + behind * plane, (shortcut.channels - behind) * plane, 0.0f);
}

TileShape rectangle(int64_t rows, int64_t columns) { return entriesShape(rectangleRows(rows, columns), columns); }

}  // namespace

int64_t moveSharedRows(const Band& band, int64_t by, float* cells) {
  const int64_t shared = std::max<int64_t>(0, band.rows - by), row = band.pitch * kLanes;
  for (int64_t channel = 0; channel < band.channels; ++channel, cells += band.rows * row)
    std::memmove(cells, cells + by * row, static_cast<size_t>(shared * row) * sizeof(float));
  return shared;
}

void multiplyBand(const TileConv& conv, const Band& band, const float* cells, int64_t rows, const Entry* begin, const Entry* end,
                  float bias, bool relu, float* out) {
  const int64_t outRow = conv.outWidth * kLanes, inRow = conv.strideY * band.pitch * kLanes, inColumn = conv.strideX * kLanes;
  eachRectangle(rows, conv.outWidth, rectangle, [&](int64_t row, int64_t height, int64_t column, int64_t width) {
    const EntriesFunction kernel = entriesKernel({static_cast<int>(height), static_cast<int>(width)}, inColumn);
    // The next channel's cells will be written at the same place of its plane.
    for (int64_t r = row; r < row + height; ++r)
      for (int64_t x = column; x < column + width; ++x)
        __builtin_prefetch(out + conv.outPlane() + r * outRow + x * kLanes, 1);
    kernel({cells + row * inRow + column * inColumn, inRow, inColumn, out + row * outRow + column * kLanes, outRow, nullptr, 0,
            true, true, relu, kLanes},
           begin, end, bias);
  });
}

// out[tile, o] = sum over the kept weights of output channel o of weight * their windows (+ bias, ReLU), of x as it is or behind a
// batch norm; and where a batch norm follows, its moments.
// x, mean, scale, shift and residual: what is read. `taps` are the kept weights' places in a window, by output channel from
// starts[o] to starts[o + 1]. `kept`: what was read, as the shortcut has it.
KERNEL(SparseConv,
       (x, OPTIONAL(mean), OPTIONAL(scale), OPTIONAL(shift), OPTIONAL(residual), starts, taps, values, OPTIONAL(bias),
        OPTIONAL(gamma), OUT(out), OPTIONAL_OUT(kept), OPTIONAL_OUT(outMean), OPTIONAL_OUT(outVariance), OPTIONAL_OUT(outScale)),
       (tiles, TILE_CONV, inputRelu, relu, images, epsilon, shortcutStride, shortcutChannels)) {
  const TileConv conv(call, Number::channels);
  const NormedTiles from{call.in<float>(Operand::x), call.in<float>(Operand::mean), call.in<float>(Operand::scale),
                         call.in<float>(Operand::shift), call.in<float>(Operand::residual), call.flag(Number::inputRelu)};
  const int32_t *starts = call.in<int32_t>(Operand::starts), *taps = call.in<int32_t>(Operand::taps);
  const float *values = call.in<float>(Operand::values), *bias = call.in<float>(Operand::bias);
  const float *gamma = call.in<float>(Operand::gamma);
  float *out = call.out<float>(Operand::out), *readOut = call.out<float>(Operand::kept);
  float *mean = call.out<float>(Operand::outMean), *variance = call.out<float>(Operand::outVariance);
  float *scale = call.out<float>(Operand::outScale);
  const bool withRelu = call.flag(Number::relu);
  const int64_t images = call.integer(Number::images);
  const Shortcut shortcut(conv, call.integer(Number::shortcutStride), call.integer(Number::shortcutChannels));
  const auto lanes = [&](int64_t tile) { return std::clamp<int64_t>(images - tile * kLanes, 0, kLanes); };

  const int64_t weights = starts[conv.outChannels], bandRows = conv.bandRows(), bands = ceilDivide(conv.outHeight, bandRows);
  const Band band(conv, bandRows);
  Entry* entries = reinterpret_cast<Entry*>(scratch(Scratch::Entries, 2 * weights + 1));
  parallelRange(weights, 8192, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) entries[i] = {band.offset(taps[i]), values[i]};
  });
  Moments* moments = reinterpret_cast<Moments*>(scratch(Scratch::Local, 2 * conv.tiles * bands * conv.outChannels));
  const auto rowsOf = [&](int64_t i) { return std::min(bandRows, conv.outHeight - i * bandRows); };
  // A task takes all bands of a tile, which share rows, or one where there are few tiles.
  const int64_t atOnce = conv.tiles >= 2 * threadCount() ? bands : 1;
  parallel(conv.tiles * bands / atOnce, [&](int64_t task) {
    const int64_t tile = task * atOnce / bands, begin = task * atOnce % bands, end = begin + atOnce;
    // Input rows that this task, of those that read them, writes to `readOut`.
    const int64_t ownBegin = begin * bandRows * conv.strideY, ownEnd = end == bands ? conv.height : end * bandRows * conv.strideY;
    if (readOut && begin == 0) clearAddedChannels(shortcut, conv.channels, tile, readOut);
    float* cells = scratch(Scratch::Padded, band.floats());
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * bandRows, rows = rowsOf(i);
      const int64_t known = i > begin ? moveSharedRows(band, bandRows * conv.strideY, cells) : 0;
      loadBand(conv, band, first, known, cells, [&](int64_t c, int64_t row, int64_t columns, float* to, int64_t step) {
        from.read(c, (tile * conv.channels + c) * conv.inPlane() + row * conv.width * kLanes, columns, to, step);
        if (!readOut || row < ownBegin || row >= ownEnd || !shortcut.has(row)) return;
        float* cellsKept = readOut + shortcut.at(tile, c, row);
        for (int64_t x = 0; x < shortcut.width; ++x) store(cellsKept + x * kLanes, load(to + x * shortcut.stride * kLanes));
      });
      for (int64_t o = 0; o < conv.outChannels; ++o) {
        float* to = out + (tile * conv.outChannels + o) * conv.outPlane() + first * conv.outWidth * kLanes;
        multiplyBand(conv, band, cells, rows, entries + starts[o], entries + starts[o + 1], bias ? bias[o] : 0, withRelu, to);
        if (mean) moments[(tile * bands + i) * conv.outChannels + o] = momentsOf(to, rows * conv.outWidth * kLanes, lanes(tile));
      }
    }
  });
  if (!mean) return;
  mergeMoments(moments, conv.tiles * bands, conv.outChannels,
               [&](int64_t part) { return lanes(part / bands) * rowsOf(part % bands) * conv.outWidth; }, mean, variance);
  scaleOf(conv.outChannels, gamma, variance, static_cast<float>(call.number(Number::epsilon)), scale);
}
