// Windows over images: a window is a pointer and a short list of contiguous runs, which the register tile walks in place. Images
// are copied once into a zero-padded scratch buffer that fits the second-level cache, where windows reach beyond them.
#pragma once
#include <cstdint>
#include <vector>

#include "conv/conv.h"
#include "gemm/micro.h"

namespace windows {

constexpr int64_t kTaskPixels = 192;  // small images are grouped to at least this many pixels a task

// A grid of windows over the images of `source`. Window (y, x) has its corner at source row originY + y * strideY, and
// covers `rows` x `columns` source pixels; what lies outside the source is zero.
struct Grid {
  const float* source;
  int64_t images, height, width, channels;
  int64_t originY, originX, strideY, strideX;
  int64_t gridHeight, gridWidth, rows, columns;

  int64_t paddedHeight(int64_t bandHeight) const { return (bandHeight - 1) * strideY + rows; }
  int64_t paddedWidth() const { return (gridWidth - 1) * strideX + columns; }
  bool inside() const {
    return originY >= 0 && originX >= 0 && originY + paddedHeight(gridHeight) <= height && originX + paddedWidth() <= width;
  }
  // Floats from one row of the (padded) image to the next.
  int64_t pitch() const { return (inside() ? width : paddedWidth()) * channels; }
};

// Copies the part of `image` that windows [y0, y0 + band) cover, zero padded.
void padImage(const Grid& g, int64_t image, int64_t y0, int64_t band, float* to);

// A few images, or a band of rows of one.
struct Piece {
  int64_t imageBegin, imageEnd, y0, band;
};

// Corners of all windows of a piece, after padding it into the thread's scratch where that is needed.
void cornersOf(const Grid& g, const Piece& piece, std::vector<const float*>& corners);

// Neighbouring runs made one.
std::vector<Run> mergedRuns(const std::vector<Run>& runs);

// The runs of K, cut into slices; `at` is the first k of a slice in the packed panel.
struct Slice {
  std::vector<Run> runs;
  int64_t at;
};

std::vector<Slice> slicesOf(const std::vector<Run>& runs);

struct Output {
  float* data;
  int64_t imageStride, rowStride, columnStride, channels;
  const float* bias;
  bool relu;
};

// out[window, :] = sum over the runs of window * packed, for every window of the grid.
void convolve(const Grid& g, const std::vector<Slice>& slices, const float* packed, int64_t depth, const Output& out);

// The windows of a forward pass over x, and the runs of each: the filter's taps in order.
Grid forwardGrid(const ConvShape& s, const float* x);
std::vector<Run> forwardRuns(const ConvShape& s, int64_t pitch);

}  // namespace windows
