// Filter gradients by minimal filtering: dg = Gt [ sum over tiles (A dy At) . (Bt d B) ] G (winograd.cc).
#include "conv/winograd.h"

#include <algorithm>
#include <vector>

#include "conv/winograd-tiles.h"
#include "gemm/micro.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

using namespace winograd;

namespace {

constexpr int64_t kTaskBytes = 256 << 10;  // transformed data that a filter gradient sums up at once

// A dy At of one row of tiles, written in panels [column / kColumns][tile][width].
void transformGradient(const ConvShape& s, const float* dy, const Tiling& tiling, int64_t strip, float* to, int64_t place, int64_t tiles,
                       int64_t tile) {
  const int64_t y = strip % tiling.tilesY * 2, pitch = s.outWidth * s.outChannels;
  const float* row = dy + (strip / tiling.tilesY * s.outHeight + y) * pitch;
  const bool second = y + 1 < s.outHeight;
  eachColumn(s.outChannels, [&](int64_t c, auto lanes) {
    const int64_t column = c / kColumns * kColumns, width = panelWidth(s.outChannels, column);
    float* out = to + column * tiles + tile * width + (c - column);
    for (int64_t i = 0; i < tiling.tilesX; ++i, out += width) {
      const float* from = row + 2 * i * s.outChannels + c;
      const bool right = 2 * i + 1 < s.outWidth;
      const Vec d00 = lanes(from), d01 = right ? lanes(from + s.outChannels) : Vec{};
      const Vec d10 = second ? lanes(from + pitch) : Vec{}, d11 = second && right ? lanes(from + pitch + s.outChannels) : Vec{};
      const Vec left[4] = {d00, d00 + d10, d00 - d10, -d10}, rightColumn[4] = {d01, d01 + d11, d01 - d11, -d11};
#pragma GCC unroll 4
      for (int a = 0; a < 4; ++a) {
        // Whole vectors: lanes past the last channel lie inside the panel and hold zeros.
        store(out + (4 * a) * place, left[a]);
        store(out + (4 * a + 1) * place, left[a] + rightColumn[a]);
        store(out + (4 * a + 2) * place, left[a] - rightColumn[a]);
        store(out + (4 * a + 3) * place, -rightColumn[a]);
      }
    }
  });
}

// sums[place][rows, :] (+)= in' gradient at one place, for input channels [begin, end).
void sumPlace(const ConvShape& s, const Transformed& in, const float* gradient, int64_t gradientPlace, int64_t tiles, int64_t place,
              int64_t begin, int64_t end, bool accumulate, float* sums) {
  float* out = sums + place * s.channels * s.outChannels;
  for (int64_t column = 0; column < s.outChannels; column += kColumns) {
    const int64_t width = panelWidth(s.outChannels, column);
    const float* b = gradient + place * gradientPlace + column * tiles;
    for (int64_t row = begin; row < end;)
      row += withTileRows(end - row, width == kLanes, [&](auto height) {
        constexpr int MR = decltype(height)::value;
        float* rows[MR];
        for (int r = 0; r < MR; ++r) rows[r] = out + (row + r) * s.outChannels;
        const Target target{rows, column, std::min(width, s.outChannels - column), accumulate, nullptr, false};
        const float* a = in.data + place * in.place + row;
        if (width == kLanes) {
          tileStrided<MR, 1>(a, in.channels, b, tiles, target);
        } else if constexpr (MR <= kRows) {
          tileStrided<MR, 2>(a, in.channels, b, tiles, target);
        }
      });
  }
}

// dw = Gt S G, with S the sum of the chunks in order.
void finishFilterGradient(const ConvShape& s, const float* sums, int64_t chunks, float* dw) {
  const int64_t matrix = s.channels * s.outChannels;
  const Vec half = splat(0.5f);
  parallelRange(s.channels, std::max<int64_t>(1, 2048 / s.outChannels), [&](int64_t begin, int64_t end) {
    for (int64_t ci = begin; ci < end; ++ci)
      eachColumn(s.outChannels, [&](int64_t co, auto lanes) {
        const int64_t at = ci * s.outChannels + co;
        Vec total[4][4], rows[3][4];
        for (int p = 0; p < kPlaces; ++p) {
          Vec sum = lanes(sums + p * matrix + at);
          for (int64_t chunk = 1; chunk < chunks; ++chunk) sum += lanes(sums + (chunk * kPlaces + p) * matrix + at);
          total[p / 4][p % 4] = sum;
        }
        for (int x = 0; x < 4; ++x) {
          const Vec plus = (total[1][x] + total[2][x]) * half, minus = (total[1][x] - total[2][x]) * half;
          rows[0][x] = total[0][x] + plus, rows[1][x] = minus, rows[2][x] = plus + total[3][x];
        }
        for (int a = 0; a < 3; ++a) {
          const Vec plus = (rows[a][1] + rows[a][2]) * half, minus = (rows[a][1] - rows[a][2]) * half;
          float* out = dw + 3 * a * matrix + at;
          lanes.put(out, rows[a][0] + plus);
          lanes.put(out + matrix, minus);
          lanes.put(out + 2 * matrix, plus + rows[a][3]);
        }
      });
  });
}

}  // namespace

void winogradFilterGradient(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Image image{x, s.height, s.width, s.channels, s.top, s.left};
  const Tiling tiling(s.images, s.outHeight, s.outWidth);
  const float* zeros = zeroRow(s.width * s.channels).data();
  const int64_t sumSize = kPlaces * s.channels * s.outChannels, panels = ceilDivide(s.outChannels, kColumns) * kColumns;
  const int64_t tileBytes = kPlaces * 4 * (s.channels + s.outChannels);
  const auto gradientPlace = [&](int64_t tiles) { return panels * tiles + 16; };
  const bool many = std::max(s.channels, s.outChannels) > kManyChannels;
  if (!many) {
    const int64_t group = std::max<int64_t>(1, kTaskBytes / tileBytes / tiling.tilesX), groups = ceilDivide(tiling.strips, group);
    const int64_t perChunk = ceilDivide(groups, sumSize < 300000 ? 16 : 8), chunks = ceilDivide(groups, perChunk);
    float* sums = scratch(Scratch::Partial, chunks * sumSize);
    parallel(chunks, [&](int64_t chunk) {
      for (int64_t g = chunk * perChunk; g < std::min(groups, (chunk + 1) * perChunk); ++g) {
        const int64_t begin = g * group, end = std::min(tiling.strips, begin + group), tiles = (end - begin) * tiling.tilesX;
        const Transformed in(scratch(Scratch::Padded, Transformed::sizeFor(tiles, s.channels)), tiles, s.channels);
        float* gradient = scratch(Scratch::Local, kPlaces * gradientPlace(tiles));
        for (int64_t strip = begin; strip < end; ++strip) {
          transformInput(image, tiling, {strip, 0, tiling.tilesX}, in, (strip - begin) * tiling.tilesX, zeros);
          transformGradient(s, dy, tiling, strip, gradient, gradientPlace(tiles), tiles, (strip - begin) * tiling.tilesX);
        }
        for (int64_t place = 0; place < kPlaces; ++place)
          sumPlace(s, in, gradient, gradientPlace(tiles), tiles, place, 0, s.channels, g > chunk * perChunk, sums + chunk * sumSize);
      }
    });
    return finishFilterGradient(s, sums, chunks, dw);
  }
  const int64_t batch = std::max<int64_t>(1, std::min(tiling.strips, kBatchBytes / tileBytes / tiling.tilesX));
  float* sums = scratch(Scratch::Partial, sumSize);
  for (int64_t begin = 0; begin < tiling.strips; begin += batch) {
    const int64_t strips = std::min(batch, tiling.strips - begin), tiles = strips * tiling.tilesX;
    const Transformed in(scratch(Scratch::PackedA, Transformed::sizeFor(tiles, s.channels)), tiles, s.channels);
    float* gradient = scratch(Scratch::PackedB, kPlaces * gradientPlace(tiles));
    parallel(strips, [&](int64_t strip) {
      transformInput(image, tiling, {begin + strip, 0, tiling.tilesX}, in, strip * tiling.tilesX, zeros);
      transformGradient(s, dy, tiling, begin + strip, gradient, gradientPlace(tiles), tiles, strip * tiling.tilesX);
    });
    constexpr int64_t kRowsPerTask = 4 * kRows;
    const int64_t pieces = ceilDivide(s.channels, kRowsPerTask);
    parallel(kPlaces * pieces, [&](int64_t task) {
      const int64_t first = task % pieces * kRowsPerTask;
      sumPlace(s, in, gradient, gradientPlace(tiles), tiles, task / pieces, first, std::min(s.channels, first + kRowsPerTask),
               begin > 0, sums);
    });
  }
  finishFilterGradient(s, sums, 1, dw);
}
