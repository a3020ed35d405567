// Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, 2016): each 2 x 2 tile of outputs comes from a 4 x 4 tile of
// inputs d by
//   Y = At [ (G g Gt) . (Bt d B) ] A        with g the 3 x 3 filter and . the elementwise product,
// so that the sum over input channels is 16 matrix products, one per place in the tile.
//   Bt = 1  0 -1  0     G = 1    0    0     At = 1 1  1  0
//        0  1  1  0         1/2  1/2  1/2        0 1 -1 -1
//        0 -1  1  0         1/2 -1/2  1/2
//        0  1  0 -1         0    0    1
// The filter gradient is the same trilinear form read the other way: dg = Gt [ sum over tiles (A dy At) . (Bt d B) ] G.
// The input gradient is a forward pass over dy with the filters turned round.
//
// Few channels: a few tiles at a time go through all three steps within the caches. Many channels: the
// transformed filters outgrow that cache, so each step is shared out over all tiles before the next begins.
//
// Tiles of images: winograd-tiles.h. Forward passes: winograd.cc. Filter gradients: winograd-filter-gradient.cc.
#include "conv/winograd.h"

#include <algorithm>
#include <vector>

#include "conv/winograd-tiles.h"
#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

using namespace winograd;

namespace {

constexpr int64_t kBlockTiles = 24;  // taken through all steps at once, few channels: one tile of the register kernel
constexpr int64_t kTaskTiles = 256;  // of a task

// Strips cut into pieces of at most `limit` tiles.
struct Pieces {
  int64_t tilesX, size, perStrip, total;
  Pieces(const Tiling& tiling, int64_t limit)
      : tilesX(tiling.tilesX), size(std::max<int64_t>(1, std::min(limit, tiling.tilesX))), perStrip(ceilDivide(tilesX, size)),
        total(tiling.strips * perStrip) {}
  Piece operator[](int64_t i) const {
    const int64_t first = i % perStrip * size;
    return {i / perStrip, first, std::min(size, tilesX - first)};
  }
};

struct Result {
  float* data;
  int64_t height, width, channels;
  const float* bias;
  bool relu;
};

// At M A of a piece, whose first tile is `tile` of `from`.
void transformOutput(const Transformed& from, int64_t tile, const Tiling& tiling, const Piece& piece, const Result& result) {
  const int64_t y = piece.strip % tiling.tilesY * 2;
  float* const row = result.data + (piece.strip / tiling.tilesY * result.height + y) * result.width * result.channels;
  const int64_t pitch = result.width * result.channels;
  const bool second = y + 1 < result.height;
  eachColumn(result.channels, [&](int64_t c, auto lanes) {
    const float* in = from.data + tile * from.channels + c;
    const Vec bias = result.bias ? lanes(result.bias + c) : Vec{};
    const auto put = [&](float* to, Vec v) {
      v += bias;
      lanes.put(to, result.relu ? relu(v) : v);
    };
    for (int64_t i = piece.first; i < piece.first + piece.count; ++i, in += from.channels) {
      Vec top[4], bottom[4];
#pragma GCC unroll 4
      for (int x = 0; x < 4; ++x) {
        const Vec m0 = lanes(in + x * from.place), m1 = lanes(in + (4 + x) * from.place);
        const Vec m2 = lanes(in + (8 + x) * from.place), m3 = lanes(in + (12 + x) * from.place);
        top[x] = m0 + m1 + m2, bottom[x] = m1 - m2 - m3;
      }
      float* to = row + 2 * i * result.channels + c;
      const bool right = 2 * i + 1 < result.width;
      put(to, top[0] + top[1] + top[2]);
      if (right) put(to + result.channels, top[1] - top[2] - top[3]);
      if (!second) continue;
      put(to + pitch, bottom[0] + bottom[1] + bottom[2]);
      if (right) put(to + pitch + result.channels, bottom[1] - bottom[2] - bottom[3]);
    }
  });
}

// out[tile, columns] = in[tile, :] * filters at one place, for the tiles [begin, end).
struct Product {
  std::vector<const float*> inRows;
  std::vector<float*> outRows;
  int64_t inPlace, outPlace, depth, columns;
  const float* filters;  // panels of place p at p * filterPlace
  int64_t filterPlace;

  Product(const Transformed& in, const Transformed& out, int64_t tiles, const float* packed, int64_t packedPlace)
      : inRows(static_cast<size_t>(tiles)), outRows(static_cast<size_t>(tiles)), inPlace(in.place), outPlace(out.place),
        depth(in.channels), columns(out.channels), filters(packed), filterPlace(packedPlace) {
    for (int64_t t = 0; t < tiles; ++t) {
      inRows[static_cast<size_t>(t)] = in.data + t * in.channels;
      outRows[static_cast<size_t>(t)] = out.data + t * out.channels;
    }
  }

  void run(int64_t place, int64_t begin, int64_t end) const {
    const Run run{place * inPlace, depth};
    for (int64_t column = 0; column < columns; column += kColumns) {
      const int64_t width = panelWidth(columns, column);
      const float* b = filters + place * filterPlace + column * depth;
      for (int64_t t = begin; t < end;)
        t += withTileRows(end - t, width == kLanes, [&](auto height) {
          constexpr int MR = decltype(height)::value;
          // The column counts from the row's start, which is place 0: step on to this place.
          const Target target{outRows.data() + t, place * outPlace + column, std::min(width, columns - column), false, nullptr, false};
          if (width == kLanes) {
            tileRows<MR, 1>(inRows.data() + t, &run, 1, b, target);
          } else if constexpr (MR <= kRows) {
            tileRows<MR, 2>(inRows.data() + t, &run, 1, b, target);
          }
        });
    }
  }
};

void convolve(const Image& image, int64_t images, const float* packed, const Result& result) {
  const Tiling tiling(images, result.height, result.width);
  const float* zeros = zeroRow(image.width * image.channels).data();
  const int64_t packedPlace = ceilDivide(result.channels, kColumns) * kColumns * image.channels;
  const int64_t tileBytes = kPlaces * 4 * (image.channels + result.channels);
  const bool many = std::max(image.channels, result.channels) > kManyChannels;
  if (!many) {
    const Pieces pieces(tiling, kBlockTiles);
    const int64_t perBlock = std::max<int64_t>(1, kBlockTiles / pieces.size), capacity = perBlock * pieces.size;
    const int64_t blocks = ceilDivide(pieces.total, perBlock);
    parallelRange(blocks, std::max<int64_t>(1, std::min(kTaskTiles / capacity, ceilDivide(blocks, 8))), [&](int64_t begin, int64_t end) {
      const Transformed in(scratch(Scratch::Padded, Transformed::sizeFor(capacity, image.channels)), capacity, image.channels);
      const Transformed out(scratch(Scratch::Local, Transformed::sizeFor(capacity, result.channels)), capacity, result.channels);
      const Product product(in, out, capacity, packed, packedPlace);
      for (int64_t block = begin; block < end; ++block) {
        const int64_t first = block * perBlock, last = std::min(pieces.total, first + perBlock);
        int64_t tiles = 0;
        for (int64_t i = first; i < last; tiles += pieces[i++].count) transformInput(image, tiling, pieces[i], in, tiles, zeros);
        for (int64_t place = 0; place < kPlaces; ++place) product.run(place, 0, tiles);
        tiles = 0;
        for (int64_t i = first; i < last; tiles += pieces[i++].count) transformOutput(out, tiles, tiling, pieces[i], result);
      }
    });
    return;
  }
  const int64_t batch = std::max<int64_t>(1, std::min(tiling.strips, kBatchBytes / tileBytes / tiling.tilesX));
  for (int64_t begin = 0; begin < tiling.strips; begin += batch) {
    const int64_t strips = std::min(batch, tiling.strips - begin), tiles = strips * tiling.tilesX;
    const Transformed in(scratch(Scratch::PackedA, Transformed::sizeFor(tiles, image.channels)), tiles, image.channels);
    const Transformed out(scratch(Scratch::Partial, Transformed::sizeFor(tiles, result.channels)), tiles, result.channels);
    parallel(strips, [&](int64_t s) { transformInput(image, tiling, {begin + s, 0, tiling.tilesX}, in, s * tiling.tilesX, zeros); });
    const Product product(in, out, tiles, packed, packedPlace);
    constexpr int64_t kRowsPerTask = 96;
    const int64_t pieces = ceilDivide(tiles, kRowsPerTask);
    parallel(kPlaces * pieces, [&](int64_t task) {
      const int64_t first = task % pieces * kRowsPerTask;
      product.run(task / pieces, first, std::min(tiles, first + kRowsPerTask));
    });
    parallel(strips, [&](int64_t s) { transformOutput(out, s * tiling.tilesX, tiling, {begin + s, 0, tiling.tilesX}, result); });
  }
}

// G g Gt for the columns of `lanes`; g(a, b) gives the filter's vector at row a, column b.
template <class Get, class Put>
inline void transformFilter(Get&& g, Put&& put) {
  const Vec half = splat(0.5f);
  Vec rows[4][3];
  for (int b = 0; b < 3; ++b) {
    const Vec g0 = g(0, b), g1 = g(1, b), g2 = g(2, b);
    rows[0][b] = g0, rows[3][b] = g2;
    rows[1][b] = (g0 + g2 + g1) * half, rows[2][b] = (g0 + g2 - g1) * half;
  }
  for (int a = 0; a < 4; ++a) {
    const Vec r0 = rows[a][0], r1 = rows[a][1], r2 = rows[a][2];
    put(4 * a, r0);
    put(4 * a + 1, (r0 + r2 + r1) * half);
    put(4 * a + 2, (r0 + r2 - r1) * half);
    put(4 * a + 3, r2);
  }
}

// Transformed filters in panels: rows are input channels, columns output channels. Turned: the other way round, rotated
// by 180 degrees, for the input gradient.
const float* packFilters(const ConvShape& s, const float* filter, bool turned) {
  const int64_t rows = turned ? s.outChannels : s.channels, columns = turned ? s.channels : s.outChannels;
  const int64_t matrix = s.channels * s.outChannels, place = ceilDivide(columns, kColumns) * kColumns * rows;
  float* packed = scratch(Scratch::PackedB, kPlaces * place + kPlaces * matrix);
  float* plain = packed + kPlaces * place;
  parallelRange(s.channels, std::max<int64_t>(1, 8192 / s.outChannels), [&](int64_t begin, int64_t end) {
    for (int64_t ci = begin; ci < end; ++ci)
      eachColumn(s.outChannels, [&](int64_t co, auto lanes) {
        const int64_t at = ci * s.outChannels + co;
        transformFilter([&](int a, int b) { return lanes(filter + (turned ? 8 - (3 * a + b) : 3 * a + b) * matrix + at); },
                        [&](int p, Vec v) { lanes.put(plain + p * matrix + at, v); });
      });
  });
  parallel(kPlaces, [&](int64_t p) {
    packPanels(plain + p * matrix, s.outChannels, turned, columns, rows, packed + p * place);
  });
  return packed;
}

}  // namespace

bool winogradPays(const ConvShape& s) {
  return s.filterHeight == 3 && s.filterWidth == 3 && s.strideY == 1 && s.strideX == 1 && s.dilationY == 1 && s.dilationX == 1 &&
         s.top <= 2 && s.left <= 2 && s.channels >= 12 && s.outChannels >= 12 && s.outHeight > 1 && s.outWidth > 1;
}

void winogradForward(const ConvShape& s, const float* x, const float* filter, const float* bias, bool relu, float* y) {
  const float* packed = packFilters(s, filter, false);
  convolve({x, s.height, s.width, s.channels, s.top, s.left}, s.images, packed, {y, s.outHeight, s.outWidth, s.outChannels, bias, relu});
}

void winogradInputGradient(const ConvShape& s, const float* dy, const float* filter, float* dx) {
  const float* packed = packFilters(s, filter, true);
  convolve({dy, s.outHeight, s.outWidth, s.outChannels, 2 - s.top, 2 - s.left}, s.images, packed,
           {dx, s.height, s.width, s.channels, nullptr, false});
}
