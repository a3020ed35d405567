// What both directions of minimal filtering share: the cutting of images into tiles, and Bt d B of these (winograd.cc).
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/arithmetic.h"
#include "simd/columns.h"

namespace winograd {

constexpr int64_t kPlaces = 16;
constexpr int64_t kManyChannels = 160;
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

inline void transformInput(const Image& image, const Tiling& tiling, const Piece& piece, const Transformed& to, int64_t tile, const float* zeros) {
  const float* rows[4];
  for (int64_t r = 0; r < 4; ++r) {
    const int64_t y = piece.strip % tiling.tilesY * 2 + r - image.top;
    const bool inside = y >= 0 && y < image.height;
    rows[r] = inside ? image.data + (piece.strip / tiling.tilesY * image.height + y) * image.width * image.channels : zeros;
  }
  eachColumn(image.channels, [&](int64_t c, auto lanes) { inputPiece(image, rows, piece, c, lanes, to, tile); });
}

// The zero row that stands in for rows outside an image; shared by the tasks of a call.
inline std::vector<float>& zeroRow(int64_t floats) {
  thread_local std::vector<float> zeros;
  if (static_cast<int64_t>(zeros.size()) < floats) zeros.assign(static_cast<size_t>(floats), 0.0f);
  return zeros;
}

}  // namespace winograd
