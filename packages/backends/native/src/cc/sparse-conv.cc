#include "sparse-conv.h"

#include <cstring>

#include "sparse-tile.h"
#include "threads.h"

namespace {

int64_t evenly(int64_t at, int64_t step, int64_t size) {
  return at >= 0 && at % step == 0 && at / step < size ? at / step : -1;
}

void loadRow(const TileConv& conv, const float* row, float* to) {
  constexpr size_t kCell = kLanes * sizeof(float);
  const int64_t pitch = conv.pitch();
  if (conv.upX == 1) {
    const int64_t before = std::min(conv.left, pitch), inside = std::clamp<int64_t>(pitch - before, 0, conv.width);
    std::memset(to, 0, static_cast<size_t>(before) * kCell);
    std::memcpy(to + before * kLanes, row, static_cast<size_t>(inside) * kCell);
    std::memset(to + (before + inside) * kLanes, 0, static_cast<size_t>(pitch - before - inside) * kCell);
    return;
  }
  for (int64_t x = 0; x < pitch; ++x) {
    const int64_t from = evenly(x - conv.left, conv.upX, conv.width);
    store(to + x * kLanes, from < 0 ? Vec{} : load(row + from * kLanes));
  }
}

TileShape rectangle(int64_t rows, int64_t columns) { return entriesShape(rectangleRows(rows, columns), columns); }

}  // namespace

void loadBand(const TileConv& conv, const float* tile, int64_t firstRow, float* band) {
  const int64_t rows = conv.rowsRead(conv.bandRows()), pitch = conv.pitch() * kLanes;
  for (int64_t channel = 0; channel < conv.channels; ++channel) {
    const float* plane = tile + channel * conv.height * conv.width * kLanes;
    for (int64_t i = 0; i < rows; ++i, band += pitch) {
      const int64_t row = evenly(firstRow * conv.strideY - conv.top + i, conv.upY, conv.height);
      if (row < 0) {
        std::memset(band, 0, static_cast<size_t>(pitch) * sizeof(float));
      } else {
        loadRow(conv, plane + row * conv.width * kLanes, band);
      }
    }
  }
}

// out[tile, o] = sum over the kept weights of output channel o of weight * their windows (+ bias, ReLU).
// operands: x, starts [outChannels + 1], taps, values, places or 0 (weight i is values[places[i]]), bias or 0, out
// numbers: those of TileConv, relu
KERNEL(SparseConv) {
  const TileConv conv(call);
  const float *x = call.in<float>(0), *values = call.in<float>(3), *bias = call.in<float>(5);
  const int32_t *starts = call.in<int32_t>(1), *taps = call.in<int32_t>(2), *places = call.in<int32_t>(4);
  float* out = call.out<float>(6);
  const bool withRelu = call.flag(TileConv::kNumbers);
  const int64_t kept = starts[conv.outChannels];
  Entry* entries = reinterpret_cast<Entry*>(scratch(Scratch::PackedA, 2 * kept + 1));
  parallelRange(kept, 8192, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) entries[i] = {conv.offset(taps[i]), values[places ? places[i] : i]};
  });
  const int64_t bands = conv.bands(), bandRows = conv.bandRows();
  const int64_t plane = conv.outHeight * conv.outWidth * kLanes, outRow = conv.outWidth * kLanes;
  const int64_t inRow = conv.strideY * conv.pitch() * kLanes, inColumn = conv.strideX * kLanes;
  parallel(conv.tiles * bands, [&](int64_t task) {
    const int64_t tile = task / bands, first = task % bands * bandRows;
    float* band = scratch(Scratch::Padded, conv.bandFloats());
    loadBand(conv, x + tile * conv.channels * conv.height * conv.width * kLanes, first, band);
    const int64_t end = std::min(conv.outHeight, first + bandRows);
    eachRectangle(first, end, conv.outWidth, rectangle, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
      const EntriesFunction kernel = entriesKernel({static_cast<int>(rows), static_cast<int>(columns)}, inColumn);
      const float* corner = band + (row - first) * inRow + column * inColumn;
      float* to = out + tile * conv.outChannels * plane + row * outRow + column * kLanes;
      for (int64_t o = 0; o < conv.outChannels; ++o)
        kernel({corner, inRow, inColumn, to + o * plane, outRow, nullptr, 0, true, true, withRelu, kLanes}, entries + starts[o],
               entries + starts[o + 1], bias ? bias[o] : 0);
    });
  });
}
