#include "conv/windows.h"

#include <algorithm>

#include "runtime/arithmetic.h"
#include "runtime/threads.h"

namespace windows {
namespace {

constexpr int64_t kSlice = 640;  // of K, per pass over the pixels of a task

// How the images are cut into tasks: whole images in groups, or, for few large images, bands of rows.
struct Cut {
  int64_t group, band, bands, tasks;
  Cut(const Grid& g, int64_t pixelsPerTask) {
    const int64_t pixels = g.gridHeight * g.gridWidth;
    group = std::max<int64_t>(1, std::min(g.images, pixelsPerTask / std::max<int64_t>(1, pixels)));
    bands = g.images >= 16 ? 1 : std::min(g.gridHeight, ceilDivide(16, g.images));
    bands = std::max<int64_t>(1, std::min(bands, pixels * group / pixelsPerTask));
    band = ceilDivide(g.gridHeight, bands);
    bands = ceilDivide(g.gridHeight, band);
    tasks = ceilDivide(g.images, group) * bands;
  }
  Piece piece(const Grid& g, int64_t task) const {
    const int64_t image = task / bands * group, y0 = task % bands * band;
    return {image, std::min(g.images, image + group), y0, std::min(band, g.gridHeight - y0)};
  }
};

}  // namespace

void padImage(const Grid& g, int64_t image, int64_t y0, int64_t band, float* to) {
  const int64_t paddedHeight = g.paddedHeight(band), paddedWidth = g.paddedWidth();
  const int64_t before = std::min(paddedWidth, std::max<int64_t>(0, -g.originX));
  const int64_t begin = std::max<int64_t>(0, g.originX);
  const int64_t count = std::max<int64_t>(0, std::min(g.width - begin, paddedWidth - before));
  for (int64_t row = 0; row < paddedHeight; ++row, to += paddedWidth * g.channels) {
    const int64_t y = g.originY + y0 * g.strideY + row;
    if (y < 0 || y >= g.height) {
      std::fill_n(to, paddedWidth * g.channels, 0.0f);
      continue;
    }
    std::fill_n(to, before * g.channels, 0.0f);
    std::copy_n(g.source + ((image * g.height + y) * g.width + begin) * g.channels, count * g.channels, to + before * g.channels);
    std::fill_n(to + (before + count) * g.channels, (paddedWidth - before - count) * g.channels, 0.0f);
  }
}

void cornersOf(const Grid& g, const Piece& piece, std::vector<const float*>& corners) {
  const int64_t images = piece.imageEnd - piece.imageBegin, pitch = g.pitch();
  const bool inside = g.inside();
  const int64_t imageFloats = inside ? g.height * pitch : g.paddedHeight(piece.band) * pitch;
  const float* base;
  if (inside) {
    base = g.source + piece.imageBegin * imageFloats + (g.originY + piece.y0 * g.strideY) * pitch + g.originX * g.channels;
  } else {
    float* padded = scratch(Scratch::Padded, images * imageFloats);
    for (int64_t i = 0; i < images; ++i) padImage(g, piece.imageBegin + i, piece.y0, piece.band, padded + i * imageFloats);
    base = padded;
  }
  corners.resize(static_cast<size_t>(images * piece.band * g.gridWidth));
  size_t at = 0;
  for (int64_t i = 0; i < images; ++i)
    for (int64_t y = 0; y < piece.band; ++y)
      for (int64_t x = 0; x < g.gridWidth; ++x)
        corners[at++] = base + i * imageFloats + y * g.strideY * pitch + x * g.strideX * g.channels;
}

std::vector<Run> mergedRuns(const std::vector<Run>& runs) {
  std::vector<Run> merged;
  for (const Run& run : runs) {
    if (!merged.empty() && merged.back().offset + merged.back().length == run.offset) {
      merged.back().length += run.length;
    } else {
      merged.push_back(run);
    }
  }
  return merged;
}

std::vector<Slice> slicesOf(const std::vector<Run>& runs) {
  const std::vector<Run> merged = mergedRuns(runs);
  int64_t total = 0;
  for (const Run& run : merged) total += run.length;
  const int64_t limit = ceilDivide(total, std::max<int64_t>(1, ceilDivide(total, kSlice)));
  std::vector<Slice> slices{{{}, 0}};
  int64_t k = 0, used = 0;
  for (Run run : merged)
    while (run.length > 0) {
      if (used == limit) slices.push_back({{}, k}), used = 0;
      const int64_t length = std::min(run.length, limit - used);
      slices.back().runs.push_back({run.offset, length});
      run.offset += length, run.length -= length, k += length, used += length;
    }
  return slices;
}

void convolve(const Grid& g, const std::vector<Slice>& slices, const float* packed, int64_t depth, const Output& out) {
  const Cut cut(g, kTaskPixels);
  parallel(cut.tasks, [&](int64_t task) {
    const Piece piece = cut.piece(g, task);
    thread_local std::vector<const float*> corners;
    thread_local std::vector<float*> targets;
    cornersOf(g, piece, corners);
    targets.resize(corners.size());
    size_t at = 0;
    for (int64_t i = piece.imageBegin; i < piece.imageEnd; ++i)
      for (int64_t y = piece.y0; y < piece.y0 + piece.band; ++y)
        for (int64_t x = 0; x < g.gridWidth; ++x)
          targets[at++] = out.data + i * out.imageStride + y * out.rowStride + x * out.columnStride;
    const int64_t pixels = static_cast<int64_t>(corners.size());
    for (size_t s = 0; s < slices.size(); ++s) {
      const bool last = s + 1 == slices.size();
      const Run* runs = slices[s].runs.data();
      const int64_t runCount = static_cast<int64_t>(slices[s].runs.size());
      for (int64_t column = 0; column < out.channels; column += kColumns) {
        const int64_t width = panelWidth(out.channels, column);
        const float* b = packed + column * depth + slices[s].at * width;
        for (int64_t p = 0; p < pixels;)
          p += withTileRows(pixels - p, width == kLanes, [&](auto height) {
            constexpr int MR = decltype(height)::value;
            const Target target{targets.data() + p, column, std::min(width, out.channels - column), s > 0,
                                last ? out.bias : nullptr, last && out.relu};
            if (width == kLanes) {
              tileRows<MR, 1>(corners.data() + p, runs, runCount, b, target);
            } else if constexpr (MR <= kRows) {
              tileRows<MR, 2>(corners.data() + p, runs, runCount, b, target);
            }
          });
      }
    }
  });
}

Grid forwardGrid(const ConvShape& s, const float* x) {
  return {x, s.images, s.height, s.width, s.channels, -s.top, -s.left, s.strideY, s.strideX, s.outHeight, s.outWidth,
          (s.filterHeight - 1) * s.dilationY + 1, (s.filterWidth - 1) * s.dilationX + 1};
}

std::vector<Run> forwardRuns(const ConvShape& s, int64_t pitch) {
  std::vector<Run> runs;
  for (int64_t a = 0; a < s.filterHeight; ++a)
    for (int64_t b = 0; b < s.filterWidth; ++b)
      runs.push_back({a * s.dilationY * pitch + b * s.dilationX * s.channels, s.channels});
  return runs;
}

}  // namespace windows
