// Between batches of images, [image][height][width][channel], and tiles of cells whose lanes are images.
#pragma once
#include <array>
#include <utility>

#include "simd/simd.h"
#include "tiles/value.h"

template <int W, int... I>
inline void exchange(Vec& a, Vec& b, std::integer_sequence<int, I...>) {
  const Vec low = __builtin_shufflevector(a, b, ((I & W) ? kLanes + (I ^ W) : I)...);
  b = __builtin_shufflevector(a, b, ((I & W) ? kLanes + I : (I ^ W))...);
  a = low;
}

template <int W>
inline void transposeStage(std::array<Vec, kLanes>& rows) {
  for (int i = 0; i < kLanes; ++i)
    if (!(i & W)) exchange<W>(rows[i], rows[i + W], std::make_integer_sequence<int, kLanes>{});
  if constexpr (W > 1) transposeStage<W / 2>(rows);
}

// Element j of row i goes to element i of row j.
inline void transpose(std::array<Vec, kLanes>& rows) { transposeStage<kLanes / 2>(rows); }

// The first float of every feature's cell, one after another: channels fastest, then columns, then rows.
struct CellWalk {
  const Value& value;
  int64_t channel = 0, x = 0, y = 0;
  float* next() {
    float* cell = value.at(channel, y, x);
    if (++channel == value.channels) {
      channel = 0;
      if (++x == value.width) x = 0, ++y;
    }
    return cell;
  }
};

// Images [first, first + count) of a batch into the value's cells; lanes without an image become zero.
void loadTile(const float* batch, int64_t features, int64_t first, int64_t count, const Value& to, int64_t vectors);
void storeTile(const Value& from, float* batch, int64_t features, int64_t first, int64_t count, int64_t vectors);
