// Convolutions with few kept weights, over tiles [tile][channel][row][column][lane]: the lanes of a vector are images, so a
// kept weight is one multiply-add per pixel and vector of images, wherever it stands.
//
// A task takes a band of output rows of one tile. The rows that it reads are copied into a padded scratch buffer, where
// every window is complete; a small rectangle of pixels then meets the kept weights of each output channel.
#pragma once
#include <algorithm>
#include <cstdint>

#include "call.h"
#include "simd.h"

// One convolution as it is computed here: an input gradient is one too, of the output gradient moved apart by the stride
// (`up`) with the kernel turned round.
struct TileConv {
  int64_t tiles, channels, height, width;  // of what is read
  int64_t upY, upX;                        // rows and columns from one of its pixels to the next; zeros lie between
  int64_t outChannels, outHeight, outWidth;
  int64_t strideY, strideX, kernelHeight, kernelWidth, top, left;

  explicit TileConv(const Call& call) {
    int64_t* const fields[] = {&tiles, &channels, &height, &width, &upY, &upX, &outChannels, &outHeight, &outWidth,
                               &strideY, &strideX, &kernelHeight, &kernelWidth, &top, &left};
    for (int i = 0; i < kNumbers; ++i) *fields[i] = call.integer(i);
  }
  static constexpr int kNumbers = 15;

  int64_t pitch() const { return (outWidth - 1) * strideX + kernelWidth; }
  int64_t rowsRead(int64_t outRows) const { return (outRows - 1) * strideY + kernelHeight; }
  // Output rows of a band: what they read stays in the second-level cache.
  int64_t bandRows() const {
    const int64_t rows = kBandFloats / (channels * pitch() * kLanes);
    return std::clamp<int64_t>((rows - kernelHeight) / strideY + 1, 1, outHeight);
  }
  int64_t bands() const { return (outHeight + bandRows() - 1) / bandRows(); }
  // Bands of another height would need other offsets, so the last one is as large as the others.
  int64_t bandFloats() const { return channels * rowsRead(bandRows()) * pitch() * kLanes; }

  // A kept weight as the pattern names it: channel, row and column of its kernel.
  int32_t offset(int32_t tap) const {
    const int64_t channel = tap >> 16, y = (tap >> 8) & 255, x = tap & 255;
    return static_cast<int32_t>(((channel * rowsRead(bandRows()) + y) * pitch() + x) * kLanes);
  }

 private:
  static constexpr int64_t kBandFloats = int64_t{112} << 10;
};

// The rows that output rows from `firstRow` on read, padded, as [channel][row][column][lane].
void loadBand(const TileConv& conv, const float* tile, int64_t firstRow, float* band);

// Rows of a rectangle of about 16 pixels: 1, 2 or 4, as few as will do, so that what is read and written lies together.
inline int rectangleRows(int64_t rows, int64_t columns) {
  const int wanted = columns >= 16 ? 1 : columns >= 8 ? 2 : 4;
  return rows >= wanted ? wanted : rows >= 2 ? 2 : 1;
}

// Calls body(first row, rows, first column, columns) for rectangles that cover the rows [begin, end) of an output;
// `largest(rows, columns)` gives the largest one that fits.
template <class Largest, class Body>
void eachRectangle(int64_t begin, int64_t end, int64_t width, Largest&& largest, Body&& body) {
  for (int64_t y = begin; y < end;) {
    int64_t rows = largest(end - y, width).rows;
    for (int64_t x = 0; x < width;) {
      const int64_t columns = largest(rows, width - x).columns;
      body(y, rows, x, columns);
      x += columns;
    }
    y += rows;
  }
}
