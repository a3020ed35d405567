// Convolutions (NHWC, filters HWIO) as matrix products over image windows, without an im2col matrix. An image (or a few
// small ones) is copied once into a zero-padded scratch that fits the second-level cache; a window is then a pointer and
// a short list of contiguous runs (one per filter row when undilated), which the register tile walks in place.
//
//   forward          rows = output pixels, K = taps x input channels, columns = output channels
//   input gradient   the same product over the output gradient, one per phase of the stride, filters transposed; or,
//                    where that leaves most products empty, output pixels send their share to every tap
//   filter gradient  rows = taps x input channels, K = output pixels, columns = output channels
#include <algorithm>
#include <vector>

#include "call.h"
#include "columns.h"
#include "conv.h"
#include "gemm.h"
#include "micro.h"
#include "threads.h"
#include "winograd.h"

namespace {

constexpr int64_t kSlice = 640;       // of K, per pass over the pixels of a task
constexpr int64_t kTaskPixels = 192;  // small images are grouped to at least this many pixels a task

int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t floorMod(int64_t a, int64_t b) { return ((a % b) + b) % b; }

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

// A few images, or a band of rows of one.
struct Piece {
  int64_t imageBegin, imageEnd, y0, band;
};

// Corners of all windows of a piece, after padding it into the thread's scratch where that is needed.
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

// The runs of K, cut into slices; `at` is the first k of a slice in the packed panel.
struct Slice {
  std::vector<Run> runs;
  int64_t at;
};

std::vector<Slice> slicesOf(std::vector<Run> runs) {
  std::vector<Run> merged;
  for (const Run& run : runs) {
    if (!merged.empty() && merged.back().offset + merged.back().length == run.offset) {
      merged.back().length += run.length;
    } else {
      merged.push_back(run);
    }
  }
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

struct Output {
  float* data;
  int64_t imageStride, rowStride, columnStride, channels;
  const float* bias;
  bool relu;
};

// out[window, :] = sum over the runs of window * packed, for every window of the grid.
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

bool isPointwise(const ConvShape& s) {
  return s.filterHeight == 1 && s.filterWidth == 1 && s.strideY == 1 && s.strideX == 1 && s.top == 0 && s.left == 0 &&
         s.outHeight == s.height && s.outWidth == s.width;
}

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

// operands: x, filter, bias or 0, out; numbers: the shape, relu
KERNEL(Conv2D) {
  const ConvShape s = shapeOf(call);
  const bool withRelu = call.flag(15);
  float* y = call.out<float>(3);
  if (s.images * s.outHeight * s.outWidth * s.outChannels == 0) return;
  if (isPointwise(s) || s.channels == 0) {
    const int64_t depth = s.channels == 0 ? 0 : s.channels;
    gemm({false, false, s.images * s.outHeight * s.outWidth, s.outChannels, depth, call.in<float>(0), call.in<float>(1), y,
          depth, s.outChannels, s.outChannels, call.in<float>(2), withRelu});
    return;
  }
  if (winogradPays(s)) {
    winogradForward(s, call.in<float>(0), call.in<float>(1), call.in<float>(2), withRelu, y);
    return;
  }
  const Grid grid = forwardGrid(s, call.in<float>(0));
  const int64_t depth = s.filterHeight * s.filterWidth * s.channels;
  float* packed = scratch(Scratch::PackedB, ceilDivide(s.outChannels, kColumns) * kColumns * depth);
  packPanels(call.in<float>(1), s.outChannels, false, s.outChannels, depth, packed);
  const Output out{y, s.outHeight * s.outWidth * s.outChannels, s.outWidth * s.outChannels, s.outChannels, s.outChannels,
                   call.in<float>(2), withRelu};
  convolve(grid, slicesOf(forwardRuns(s, grid.pitch())), packed, depth, out);
}

// operands: dy, filter, dx; numbers: the shape
KERNEL(Conv2DBackpropInput) {
  const ConvShape s = shapeOf(call);
  const float* dy = call.in<float>(0);
  float* dx = call.out<float>(2);
  if (s.images * s.height * s.width * s.channels == 0) return;
  if (s.outHeight * s.outWidth * s.outChannels == 0) {
    std::fill_n(dx, s.images * s.height * s.width * s.channels, 0.0f);
    return;
  }
  if (isPointwise(s)) {
    gemm({false, true, s.images * s.height * s.width, s.channels, s.outChannels, dy, call.in<float>(1), dx, s.outChannels,
          s.outChannels, s.channels, nullptr, false});
    return;
  }
  if (winogradPays(s)) {
    winogradInputGradient(s, dy, call.in<float>(1), dx);
    return;
  }
  if (scatterPays(s)) {
    inputGradientByScatter(s, dy, call.in<float>(1), dx);
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
        inputGradientPhase(s, py, px, dy, call.in<float>(1), dx);
      }
    }
}

// operands: x, dy, dw; numbers: the shape
KERNEL(Conv2DBackpropFilter) {
  const ConvShape s = shapeOf(call);
  const int64_t size = s.filterHeight * s.filterWidth * s.channels * s.outChannels;
  float* dw = call.out<float>(2);
  if (size == 0) return;
  if (s.images * s.outHeight * s.outWidth == 0) {
    std::fill_n(dw, size, 0.0f);
    return;
  }
  if (winogradPays(s)) {
    winogradFilterGradient(s, call.in<float>(0), call.in<float>(1), dw);
    return;
  }
  const Grid grid = forwardGrid(s, call.in<float>(0));
  if (size < 600000) {
    filterGradientByImages(s, grid, call.in<float>(1), dw);
  } else {
    filterGradientByRows(s, grid, call.in<float>(1), dw);
  }
}
