#include "sparse-conv.h"

#include <cstring>

#include "sparse-tile.h"
#include "threads.h"
#include "tile-norm.h"

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
// operands: x, mean, scale, shift (or 0), residual or 0, starts [outChannels + 1], taps, values, bias or 0, gamma or 0, out,
// kept or 0 (what was read, as the shortcut has it), mean, variance, scale (or 0)
// numbers: tiles, those of TileConv, ReLU of what is read, ReLU of the output, images, epsilon, stride and
// channels of the shortcut
KERNEL(SparseConv) {
  const TileConv conv(call);
  constexpr int kBehind = 1 + TileConv::kNumbers;
  const NormedTiles from{call.in<float>(0), call.in<float>(1), call.in<float>(2), call.in<float>(3), call.in<float>(4), call.flag(kBehind)};
  const int32_t *starts = call.in<int32_t>(5), *taps = call.in<int32_t>(6);
  const float *values = call.in<float>(7), *bias = call.in<float>(8), *gamma = call.in<float>(9);
  float *out = call.out<float>(10), *readOut = call.out<float>(11);
  float *mean = call.out<float>(12), *variance = call.out<float>(13), *scale = call.out<float>(14);
  const bool withRelu = call.flag(kBehind + 1);
  const int64_t images = call.integer(kBehind + 2);
  const Shortcut shortcut(conv, call.integer(kBehind + 4), call.integer(kBehind + 5));
  const auto lanes = [&](int64_t tile) { return std::clamp<int64_t>(images - tile * kLanes, 0, kLanes); };

  const int64_t kept = starts[conv.outChannels], bandRows = conv.bandRows(), bands = (conv.outHeight + bandRows - 1) / bandRows;
  const Band band(conv, bandRows);
  Entry* entries = reinterpret_cast<Entry*>(scratch(Scratch::PackedA, 2 * kept + 1));
  parallelRange(kept, 8192, [&](int64_t begin, int64_t end) {
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
        float* kept = readOut + shortcut.at(tile, c, row);
        for (int64_t x = 0; x < shortcut.width; ++x) store(kept + x * kLanes, load(to + x * shortcut.stride * kLanes));
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
  scaleOf(conv.outChannels, gamma, variance, static_cast<float>(call.number(kBehind + 3)), scale);
}
