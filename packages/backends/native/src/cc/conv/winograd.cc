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
#include "conv/winograd.h"

#include <algorithm>
#include <vector>

#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

constexpr int64_t kPlaces = 16;
constexpr int64_t kManyChannels = 160;
constexpr int64_t kBlockTiles = 24;              // taken through all steps at once, few channels: one tile of the register kernel
constexpr int64_t kTaskTiles = 256;              // of a task
constexpr int64_t kTaskBytes = 256 << 10;        // transformed data that a filter gradient sums up at once
constexpr int64_t kBatchBytes = int64_t{48} << 20;  // transformed data of a batch of tiles, many channels

// Rows of tiles over the images: strip i is row i % tilesY of image i / tilesY.
struct Tiling {
  int64_t tilesY, tilesX, strips;
  Tiling(int64_t images, int64_t outHeight, int64_t outWidth)
      : tilesY(ceilDivide(outHeight, 2)), tilesX(ceilDivide(outWidth, 2)), strips(images * tilesY) {}
};

// Some tiles of one strip.
struct Piece {
  int64_t strip, first, count;
};

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

// Transformed tiles: place p of tile t begins at data + p * place + t * channels. The odd stride between places keeps the
// sixteen streams in different cache sets.
struct Transformed {
  float* data;
  int64_t channels, place;
  Transformed(float* memory, int64_t tiles, int64_t channelCount)
      : data(memory), channels(channelCount), place(sizeFor(tiles, channelCount) / kPlaces) {}
  static int64_t sizeFor(int64_t tiles, int64_t channels) { return kPlaces * (tiles * channels + 16); }
};

struct Image {
  const float* data;
  int64_t height, width, channels, top, left;
};

// One column of Bt d: four places.
struct Column {
  Vec p0, p1, p2, p3;
};

// Bt d B of a piece for the channels of `lanes`; neighbouring tiles share two of their four columns.
template <class Lanes>
void inputPiece(const Image& image, const float* const* rows, const Piece& piece, int64_t c, Lanes lanes, const Transformed& to, int64_t tile) {
  const int64_t channels = image.channels, place = to.place;
  const float *row0 = rows[0] + c, *row1 = rows[1] + c, *row2 = rows[2] + c, *row3 = rows[3] + c;
  const auto columnAt = [&](int64_t x) -> Column {
    if (static_cast<uint64_t>(x) >= static_cast<uint64_t>(image.width)) return Column{Vec{}, Vec{}, Vec{}, Vec{}};
    const int64_t at = x * channels;
    const Vec d0 = lanes(row0 + at), d1 = lanes(row1 + at), d2 = lanes(row2 + at), d3 = lanes(row3 + at);
    return {d0 - d2, d1 + d2, d2 - d1, d1 - d3};
  };
  float* out = to.data + tile * channels + c;
  const auto put = [&](float* at, Vec v0, Vec v1, Vec v2, Vec v3) {
    lanes.put(at, v0 - v2);
    lanes.put(at + place, v1 + v2);
    lanes.put(at + 2 * place, v2 - v1);
    lanes.put(at + 3 * place, v1 - v3);
  };
  const int64_t left = 2 * piece.first - image.left;
  Column a = columnAt(left), b = columnAt(left + 1);
  for (int64_t i = 0, x = left + 2; i < piece.count; ++i, x += 2, out += channels) {
    const Column e = columnAt(x), f = columnAt(x + 1);
    put(out, a.p0, b.p0, e.p0, f.p0);
    put(out + 4 * place, a.p1, b.p1, e.p1, f.p1);
    put(out + 8 * place, a.p2, b.p2, e.p2, f.p2);
    put(out + 12 * place, a.p3, b.p3, e.p3, f.p3);
    a = e, b = f;
  }
}

void transformInput(const Image& image, const Tiling& tiling, const Piece& piece, const Transformed& to, int64_t tile, const float* zeros) {
  const float* rows[4];
  for (int64_t r = 0; r < 4; ++r) {
    const int64_t y = piece.strip % tiling.tilesY * 2 + r - image.top;
    const bool inside = y >= 0 && y < image.height;
    rows[r] = inside ? image.data + (piece.strip / tiling.tilesY * image.height + y) * image.width * image.channels : zeros;
  }
  eachColumn(image.channels, [&](int64_t c, auto lanes) { inputPiece(image, rows, piece, c, lanes, to, tile); });
}

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

// The zero row that stands in for rows outside an image; shared by the tasks of a call.
std::vector<float>& zeroRow(int64_t floats) {
  thread_local std::vector<float> zeros;
  if (static_cast<int64_t>(zeros.size()) < floats) zeros.assign(static_cast<size_t>(floats), 0.0f);
  return zeros;
}

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
