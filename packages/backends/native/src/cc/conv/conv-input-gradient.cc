// The gradient of a convolution's input: a product over the windows of the output gradient for each phase of the stride, or,
// where that leaves most products empty, what every output pixel sends to every tap ("col2im").
#include <algorithm>
#include <utility>
#include <vector>

#include "addon/call.h"
#include "conv/conv.h"
#include "conv/windows.h"
#include "conv/winograd.h"
#include "gemm/gemm.h"
#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

using namespace windows;

namespace {

int64_t floorMod(int64_t a, int64_t b) { return ((a % b) + b) % b; }

// One axis of an input-gradient phase: which filter taps hit it, and the source offset of each.
struct Phase {
  int64_t first, count;  // input positions first, first + stride, ...
  int64_t low, high;     // least and greatest offset (output position minus index within the phase)
  std::vector<std::pair<int64_t, int64_t>> taps;  // (offset - low, tap), by offset
};

Phase phaseOf(int64_t phase, int64_t size, int64_t filter, int64_t stride, int64_t dilation, int64_t pad) {
  Phase result{floorMod(phase - pad, stride), 0, 0, 0, {}};
  result.count = size > result.first ? ceilDivide(size - result.first, stride) : 0;
  for (int64_t tap = filter - 1; tap >= 0; --tap) {
    const int64_t distance = result.first + pad - tap * dilation;
    if (floorMod(distance, stride) == 0) result.taps.push_back({distance / stride, tap});
  }
  if (result.taps.empty()) return result;
  result.low = result.taps.front().first, result.high = result.taps.back().first;
  for (auto& tap : result.taps) tap.first -= result.low;
  return result;
}

void fillPhaseWithZeros(const ConvShape& s, const Phase& py, const Phase& px, float* dx) {
  parallel(s.images * py.count, [&](int64_t row) {
    const int64_t image = row / py.count, y = py.first + row % py.count * s.strideY;
    for (int64_t i = 0; i < px.count; ++i)
      std::fill_n(dx + ((image * s.height + y) * s.width + px.first + i * s.strideX) * s.channels, s.channels, 0.0f);
  });
}

void inputGradientPhase(const ConvShape& s, const Phase& py, const Phase& px, const float* dy, const float* filter, float* dx) {
  const Grid grid{dy, s.images, s.outHeight, s.outWidth, s.outChannels, py.low, px.low, 1, 1, py.count, px.count,
                  py.high - py.low + 1, px.high - px.low + 1};
  const int64_t taps = static_cast<int64_t>(py.taps.size() * px.taps.size());
  const int64_t depth = taps * s.outChannels, panels = ceilDivide(s.channels, kColumns);
  float* packed = scratch(Scratch::PackedB, panels * kColumns * depth);
  std::vector<Run> runs;
  std::vector<const float*> blocks;  // the [channels, outChannels] matrix of each tap
  for (const auto& [y, a] : py.taps)
    for (const auto& [x, b] : px.taps) {
      runs.push_back({y * grid.pitch() + x * s.outChannels, s.outChannels});
      blocks.push_back(filter + (a * s.filterWidth + b) * s.channels * s.outChannels);
    }
  parallel(panels * taps, [&](int64_t pair) {
    const int64_t column = pair / taps * kColumns, tap = pair % taps;
    const int64_t width = panelWidth(s.channels, column), count = std::min(width, s.channels - column);
    float* to = packed + column * depth + tap * s.outChannels * width;
    if (count < width) std::fill_n(to, s.outChannels * width, 0.0f);
    packTransposed(blocks[static_cast<size_t>(tap)] + column * s.outChannels, s.outChannels, count, s.outChannels, to, width);
  });
  const Output out{dx + (py.first * s.width + px.first) * s.channels, s.height * s.width * s.channels,
                   s.strideY * s.width * s.channels, s.strideX * s.channels, s.channels, nullptr, false};
  convolve(grid, slicesOf(runs), packed, depth, out);
}

double paddedColumns(int64_t columns) {
  const int64_t rest = columns % kColumns;
  return static_cast<double>(columns - rest + (rest == 0 ? 0 : rest <= kLanes ? kLanes : kColumns));
}

// Whether it is cheaper to compute what every output pixel sends to every tap and add that up ("col2im") than to gather
// per input pixel: large filters without padding, or few input channels, leave most of the gathered products empty.
bool scatterPays(const ConvShape& s) {
  const double taps = static_cast<double>(s.filterHeight * s.filterWidth);
  const double gather = static_cast<double>(s.height * s.width) * paddedColumns(s.channels) * taps / static_cast<double>(s.strideY * s.strideX);
  const double scatter = static_cast<double>(s.outHeight * s.outWidth) * paddedColumns(s.filterHeight * s.filterWidth * s.channels);
  return gather > 1.5 * scatter;
}

// Adds what one output pixel sends to its taps, [filterHeight, filterWidth, channels], to the image's gradient.
void addWindow(const ConvShape& s, const float* sent, int64_t y, int64_t x, float* image) {
  const int64_t top = y * s.strideY - s.top, left = x * s.strideX - s.left;
  for (int64_t a = 0; a < s.filterHeight; ++a) {
    const int64_t row = top + a * s.dilationY;
    if (row < 0 || row >= s.height) continue;
    for (int64_t b = 0; b < s.filterWidth; ++b) {
      const int64_t column = left + b * s.dilationX;
      if (column < 0 || column >= s.width) continue;
      // Undilated taps of a row are neighbours in both: add all that fit at once.
      const int64_t count = s.dilationX == 1 ? std::min(s.filterWidth - b, s.width - column) : 1;
      const float* from = sent + (a * s.filterWidth + b) * s.channels;
      float* to = image + (row * s.width + column) * s.channels;
      eachColumn(count * s.channels, [&](int64_t i, auto lanes) { lanes.put(to + i, lanes(to + i) + lanes(from + i)); });
      b += count - 1;
    }
  }
}

void inputGradientByScatter(const ConvShape& s, const float* dy, const float* filter, float* dx) {
  const int64_t columns = s.filterHeight * s.filterWidth * s.channels, depth = s.outChannels;
  const int64_t pixels = s.outHeight * s.outWidth, imageFloats = s.height * s.width * s.channels;
  float* packed = scratch(Scratch::PackedB, ceilDivide(columns, kColumns) * kColumns * depth);
  packPanels(filter, depth, true, columns, depth, packed);
  parallel(s.images, [&](int64_t image) {
    float* sent = scratch(Scratch::Local, kTaskPixels * columns);
    float* to = dx + image * imageFloats;
    std::fill_n(to, imageFloats, 0.0f);
    const Run run{0, depth};
    for (int64_t p0 = 0; p0 < pixels; p0 += kTaskPixels) {
      const int64_t count = std::min(kTaskPixels, pixels - p0);
      for (int64_t column = 0; column < columns; column += kColumns) {
        const int64_t width = panelWidth(columns, column);
        const float* b = packed + column * depth;
        for (int64_t p = 0; p < count;)
          p += withTileRows(count - p, width == kLanes, [&](auto height) {
            constexpr int MR = decltype(height)::value;
            const float* from[MR];
            float* out[MR];
            for (int r = 0; r < MR; ++r) from[r] = dy + (image * pixels + p0 + p + r) * depth, out[r] = sent + (p + r) * columns;
            const Target target{out, column, std::min(width, columns - column), false, nullptr, false};
            if (width == kLanes) {
              tileRows<MR, 1>(from, &run, 1, b, target);
            } else if constexpr (MR <= kRows) {
              tileRows<MR, 2>(from, &run, 1, b, target);
            }
          });
      }
      for (int64_t p = 0; p < count; ++p) addWindow(s, sent + p * columns, (p0 + p) / s.outWidth, (p0 + p) % s.outWidth, to);
    }
  });
}

}  // namespace

KERNEL(Conv2DBackpropInput, (dy, filter, OUT(dx)), (CONV_SHAPE)) {
  const ConvShape s = shapeOf(call);
  const float* dy = call.in<float>(Operand::dy);
  float* dx = call.out<float>(Operand::dx);
  if (s.images * s.height * s.width * s.channels == 0) return;
  if (s.outHeight * s.outWidth * s.outChannels == 0) {
    std::fill_n(dx, s.images * s.height * s.width * s.channels, 0.0f);
    return;
  }
  if (s.isPointwise()) {
    gemm({false, true, s.images * s.height * s.width, s.channels, s.outChannels, dy, call.in<float>(Operand::filter), dx,
          s.outChannels,
          s.outChannels, s.channels, nullptr, false});
    return;
  }
  if (winogradPays(s)) {
    winogradInputGradient(s, dy, call.in<float>(Operand::filter), dx);
    return;
  }
  if (scatterPays(s)) {
    inputGradientByScatter(s, dy, call.in<float>(Operand::filter), dx);
    return;
  }
  for (int64_t y = 0; y < s.strideY; ++y)
    for (int64_t x = 0; x < s.strideX; ++x) {
      const Phase py = phaseOf(y, s.height, s.filterHeight, s.strideY, s.dilationY, s.top);
      const Phase px = phaseOf(x, s.width, s.filterWidth, s.strideX, s.dilationX, s.left);
      if (py.count == 0 || px.count == 0) continue;
      if (py.taps.empty() || px.taps.empty()) {
        fillPhaseWithZeros(s, py, px, dx);
      } else {
        inputGradientPhase(s, py, px, dy, call.in<float>(Operand::filter), dx);
      }
    }
}
