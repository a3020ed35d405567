// The gradient of a convolution's filter: sums over pixels in registers, by groups of images where there are few weights, by rows
// of the filter where there are many.
#include <algorithm>
#include <vector>

#include "addon/call.h"
#include "conv/conv.h"
#include "conv/windows.h"
#include "conv/winograd.h"
#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"

using namespace windows;

namespace {

// acc[r][v] += corner[offset + r] * dy[pixel][v] over the pixels. PARTIAL: the last vector has `columns` lanes.
template <int MR, int NV, bool PARTIAL>
void tileOuter(const float* const* corners, int64_t offset, const float* dy, int64_t stride, int64_t pixels, const Target& target) {
  Vec acc[MR][NV] = {};
  const int64_t columns = target.columns - (NV - 1) * kLanes;
  for (int64_t p = 0; p < pixels; ++p, dy += stride) {
    const float* a = corners[p] + offset;
    Vec bs[NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v)
      bs[v] = PARTIAL && v == NV - 1 ? loadPartial(dy + v * kLanes, columns) : load(dy + v * kLanes);
#pragma GCC unroll 24
    for (int r = 0; r < MR; ++r) {
      const Vec x = splat(a[r]);
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) acc[r][v] += x * bs[v];
    }
  }
  storeTile<MR, NV>(acc, target);
}

// dw[row, :] (+)= sum over the pixels of a piece, for all rows (tap, input channel).
void filterGradientPiece(const std::vector<Run>& runs, const std::vector<const float*>& corners, const float* dy,
                         int64_t channels, bool accumulate, float* dw) {
  const int64_t pixels = static_cast<int64_t>(corners.size());
  for (int64_t column = 0; column < channels; column += kColumns) {
    const int64_t width = panelWidth(channels, column), count = std::min(width, channels - column);
    int64_t row = 0;
    for (const Run& run : runs)
      for (int64_t done = 0; done < run.length;) {
        const int64_t step = withTileRows(run.length - done, width == kLanes, [&](auto height) {
          constexpr int MR = decltype(height)::value;
          float* rows[MR];
          for (int r = 0; r < MR; ++r) rows[r] = dw + (row + r) * channels;
          const Target target{rows, column, count, accumulate, nullptr, false};
          const float* b = dy + column;
          const int64_t at = run.offset + done;
          if (width == kLanes) {
            count < width ? tileOuter<MR, 1, true>(corners.data(), at, b, channels, pixels, target)
                          : tileOuter<MR, 1, false>(corners.data(), at, b, channels, pixels, target);
          } else if constexpr (MR <= kRows) {
            count < width ? tileOuter<MR, 2, true>(corners.data(), at, b, channels, pixels, target)
                          : tileOuter<MR, 2, false>(corners.data(), at, b, channels, pixels, target);
          }
        });
        done += step, row += step;
      }
  }
}

// Few weights, many pixels: fixed groups of images give partial sums, added in order.
void filterGradientByImages(const ConvShape& s, const Grid& grid, const float* dy, float* dw) {
  const int64_t size = s.filterHeight * s.filterWidth * s.channels * s.outChannels;
  const std::vector<Run> runs = mergedRuns(forwardRuns(s, grid.pitch()));
  const int64_t pixels = s.outHeight * s.outWidth;
  const int64_t group = std::max<int64_t>(1, std::min<int64_t>(s.images, 256 / pixels));
  const int64_t groups = ceilDivide(s.images, group);
  const int64_t perChunk = ceilDivide(groups, size < 65536 ? 16 : size < 200000 ? 8 : 4);
  const int64_t chunks = ceilDivide(groups, perChunk);
  float* partial = chunks == 1 ? dw : scratch(Scratch::Partial, chunks * size);
  parallel(chunks, [&](int64_t chunk) {
    thread_local std::vector<const float*> corners;
    for (int64_t i = chunk * perChunk; i < std::min(groups, (chunk + 1) * perChunk); ++i) {
      const Piece piece{i * group, std::min(s.images, (i + 1) * group), 0, s.outHeight};
      cornersOf(grid, piece, corners);
      filterGradientPiece(runs, corners, dy + piece.imageBegin * pixels * s.outChannels, s.outChannels,
                          i > chunk * perChunk, partial + chunk * size);
    }
  });
  if (chunks == 1) return;
  parallelRange(size, 8192, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float sum = partial[i];
      for (int64_t chunk = 1; chunk < chunks; ++chunk) sum += partial[chunk * size + i];
      dw[i] = sum;
    }
  });
}

// Many weights, few pixels: tasks over the rows of dw; all images are padded once, the output gradient packed once.
void filterGradientByRows(const ConvShape& s, const Grid& grid, const float* dy, float* dw) {
  const int64_t pixels = s.images * s.outHeight * s.outWidth, pitch = grid.pitch();
  std::vector<const float*> corners(static_cast<size_t>(pixels));
  const bool inside = grid.inside();
  const int64_t imageFloats = inside ? grid.height * pitch : grid.paddedHeight(grid.gridHeight) * pitch;
  float* padded = inside ? nullptr : scratch(Scratch::PackedA, s.images * imageFloats);
  const float* base = inside ? grid.source + grid.originY * pitch + grid.originX * grid.channels : padded;
  parallel(s.images, [&](int64_t image) {
    if (!inside) padImage(grid, image, 0, grid.gridHeight, padded + image * imageFloats);
    for (int64_t p = 0; p < s.outHeight * s.outWidth; ++p)
      corners[static_cast<size_t>(image * s.outHeight * s.outWidth + p)] =
          base + image * imageFloats + p / s.outWidth * s.strideY * pitch + p % s.outWidth * s.strideX * s.channels;
  });
  float* packed = scratch(Scratch::PackedB, ceilDivide(s.outChannels, kColumns) * kColumns * pixels);
  packPanels(dy, s.outChannels, false, s.outChannels, pixels, packed);

  const std::vector<Run> runs = forwardRuns(s, pitch);
  const int64_t panelsPerTap = ceilDivide(s.channels, kRows), slice = ceilDivide(pixels, ceilDivide(pixels, 384));
  parallel(static_cast<int64_t>(runs.size()) * panelsPerTap, [&](int64_t task) {
    const int64_t tap = task / panelsPerTap, channel = task % panelsPerTap * kRows;
    const int64_t count = std::min<int64_t>(kRows, s.channels - channel);
    float* a = scratch(Scratch::Local, slice * kRows);
    float* rows[kRows];
    for (int64_t r = 0; r < count; ++r) rows[r] = dw + (tap * s.channels + channel + r) * s.outChannels;
    for (int64_t k0 = 0; k0 < pixels; k0 += slice) {
      const int64_t depth = std::min(slice, pixels - k0);
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t r = 0; r < count; ++r)
          a[k * kRows + r] = corners[static_cast<size_t>(k0 + k)][runs[static_cast<size_t>(tap)].offset + channel + r];
      for (int64_t column = 0; column < s.outChannels; column += kColumns) {
        const int64_t width = panelWidth(s.outChannels, column);
        const float* b = packed + column * pixels + k0 * width;
        for (int64_t done = 0; done < count;)
          done += withTileRows(count - done, false, [&](auto height) {
            constexpr int MR = std::min<int>(decltype(height)::value, kRows);
            const Target target{rows + done, column, std::min(width, s.outChannels - column), k0 > 0, nullptr, false};
            width == kLanes ? tilePacked<MR, 1>(a + done, depth, b, target) : tilePacked<MR, 2>(a + done, depth, b, target);
          });
      }
    }
  });
}

}  // namespace

KERNEL(Conv2DBackpropFilter, (x, dy, OUT(dw)), (CONV_SHAPE)) {
  const ConvShape s = shapeOf(call);
  const int64_t size = s.filterHeight * s.filterWidth * s.channels * s.outChannels;
  float* dw = call.out<float>(Operand::dw);
  if (size == 0) return;
  if (s.images * s.outHeight * s.outWidth == 0) {
    std::fill_n(dw, size, 0.0f);
    return;
  }
  if (winogradPays(s)) {
    winogradFilterGradient(s, call.in<float>(Operand::x), call.in<float>(Operand::dy), dw);
    return;
  }
  const Grid grid = forwardGrid(s, call.in<float>(Operand::x));
  if (size < 600000) {
    filterGradientByImages(s, grid, call.in<float>(Operand::dy), dw);
  } else {
    filterGradientByRows(s, grid, call.in<float>(Operand::dy), dw);
  }
}
