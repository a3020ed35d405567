// Convolutions with few kept weights, over tiles [tile][channel][row][column][lane]: the lanes of a vector are images, so a
// kept weight is one multiply-add per pixel and vector of images, wherever it stands.
//
// A band of output rows of one tile is computed at a time. The rows that it reads are copied into a padded scratch buffer,
// where every window is complete, and made ready on the way (batch norm, ReLU); rectangles of pixels then meet the kept
// weights of one output channel after the other.
#pragma once
#include <algorithm>
#include <cstdint>

#include "addon/call.h"
#include "runtime/arithmetic.h"
#include "simd/simd.h"

// The numbers of a convolution: channels, height and width of what is read; rows and columns from one of its pixels to the next,
// between which zeros lie (`up`); of what is written; of the windows.
#define TILE_CONV                                                                                                       \
  channels, height, width, upY, upX, outChannels, outHeight, outWidth, strideY, strideX, kernelHeight, kernelWidth, top, left
// The same of its input gradient.
#define TILE_CONV_BACK                                                                                                  \
  backChannels, backHeight, backWidth, backUpY, backUpX, backOutChannels, backOutHeight, backOutWidth, backStrideY,    \
      backStrideX, backKernelHeight, backKernelWidth, backTop, backLeft

// One convolution as it is computed here: an input gradient is one too, of the output gradient moved apart by the stride
// (`up`) with the kernel turned round.
struct TileConv {
  int64_t tiles, TILE_CONV;

  // From `first` on the call's numbers are those of the convolution.
  template <class Number>
  TileConv(const Call& call, Number first) : tiles(call.integer(Number::tiles)) {
    int64_t* const fields[] = {&channels, &height, &width, &upY, &upX, &outChannels, &outHeight, &outWidth,
                               &strideY, &strideX, &kernelHeight, &kernelWidth, &top, &left};
    for (int i = 0; i < kNumbers; ++i) *fields[i] = call.integer(static_cast<int>(first) + i);
  }
  static constexpr int kNumbers = 14;

  int64_t inPlane() const { return height * width * kLanes; }
  int64_t outPlane() const { return outHeight * outWidth * kLanes; }
  int64_t pitch() const { return (outWidth - 1) * strideX + kernelWidth; }
  int64_t rowsRead(int64_t outRows) const { return (outRows - 1) * strideY + kernelHeight; }
  // Output rows of a band: what they read stays in the second-level cache, beside a band of another convolution. The last
  // band of an image may be lower.
  int64_t bandRows() const {
    const int64_t rows = kBandFloats / (channels * pitch() * kLanes);
    const int64_t most = std::clamp<int64_t>((rows - kernelHeight) / strideY + 1, 1, outHeight);
    const int64_t bands = ceilDivide(outHeight, most);
    return ceilDivide(outHeight, bands);
  }

 private:
  static constexpr int64_t kBandFloats = int64_t{112} << 10;
};

// Where a parameter-free shortcut has what a convolution reads: every stride-th pixel, between channels of zeros. With stride 1
// and no more channels that is what was read itself.
struct Shortcut {
  int64_t stride, channels, before, height, width;
  bool whole;
  Shortcut(const TileConv& conv, int64_t stride, int64_t channels)
      : stride(stride), channels(channels), before((channels - conv.channels) / 2), height((conv.height - 1) / stride + 1),
        width((conv.width - 1) / stride + 1), whole(stride == 1 && channels == conv.channels) {}
  bool has(int64_t row) const { return row % stride == 0; }
  // The first cell of a row that it has, of one of the convolution's channels.
  int64_t at(int64_t tile, int64_t channel, int64_t row) const {
    return ((tile * channels + before + channel) * height + row / stride) * width * kLanes;
  }
};

// The rows that some output rows read, padded, as [channel][row][column][lane].
struct Band {
  int64_t channels, rows, pitch;
  Band(const TileConv& conv, int64_t outRows) : channels(conv.channels), rows(conv.rowsRead(outRows)), pitch(conv.pitch()) {}
  int64_t floats() const { return channels * rows * pitch * kLanes; }
  // Of a kept weight as the pattern names it: channel, row and column of its kernel.
  int32_t offset(int32_t tap) const {
    const int64_t channel = tap >> 16, y = (tap >> 8) & 255, x = tap & 255;
    return static_cast<int32_t>(((channel * rows + y) * pitch + x) * kLanes);
  }
};

// Moves the rows that a band shares with the one `by` rows further up, which the buffer holds, to its beginning, and gives their number.
int64_t moveSharedRows(const Band& band, int64_t by, float* cells);

// Fills the band that output rows from `firstRow` on read, but for its first `known` rows. read(channel, row, columns, to, step)
// writes the first `columns` cells of a row `step` floats apart.
template <class Read>
void loadBand(const TileConv& conv, const Band& band, int64_t firstRow, int64_t known, float* cells, Read&& read) {
  const int64_t before = std::min(conv.left, band.pitch), rest = band.pitch - before;
  const int64_t columns = std::clamp<int64_t>(ceilDivide(rest, conv.upX), 0, conv.width);
  for (int64_t channel = 0; channel < band.channels; ++channel)
    for (int64_t i = known; i < band.rows; ++i) {
      float* to = cells + (channel * band.rows + i) * band.pitch * kLanes;
      const int64_t at = firstRow * conv.strideY - conv.top + i, row = at / conv.upY;
      if (at < 0 || at % conv.upY != 0 || row >= conv.height) {
        std::fill_n(to, band.pitch * kLanes, 0.0f);
        continue;
      }
      if (conv.upX > 1) {
        std::fill_n(to, band.pitch * kLanes, 0.0f);
      } else {
        std::fill_n(to, before * kLanes, 0.0f);
        std::fill_n(to + (before + columns) * kLanes, (rest - columns) * kLanes, 0.0f);
      }
      read(channel, row, columns, to + before * kLanes, conv.upX * kLanes);
    }
}

// Rows of a rectangle of about 16 pixels: 1, 2 or 4, as few as will do, so that what is read and written lies together.
inline int rectangleRows(int64_t rows, int64_t columns) {
  const int wanted = columns >= 16 ? 1 : columns >= 8 ? 2 : 4;
  return rows >= wanted ? wanted : rows >= 2 ? 2 : 1;
}

struct Entry;

// What a convolution's kept weights make of a band: the products of one output channel, which go to [row][column][lane] at `out`.
void multiplyBand(const TileConv& conv, const Band& band, const float* cells, int64_t rows, const Entry* begin, const Entry* end,
                  float bias, bool relu, float* out);
