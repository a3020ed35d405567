#include "tiles/tile-images.h"

#include <algorithm>

namespace {

int64_t imagesIn(int64_t count, int64_t vector) {
  return std::clamp<int64_t>(count - vector * kLanes, 0, kLanes);
}

}  // namespace

void loadTile(const float* batch, int64_t features, int64_t first, int64_t count, const Value& to, int64_t vectors) {
  CellWalk walk{to};
  std::array<Vec, kLanes> rows;
  for (int64_t feature = 0; feature < features; feature += kLanes) {
    const int64_t width = std::min<int64_t>(kLanes, features - feature);
    float* cells[kLanes];
    for (int64_t i = 0; i < width; ++i) cells[i] = walk.next();
    for (int64_t v = 0; v < vectors; ++v) {
      const float* from = batch + (first + v * kLanes) * features + feature;
      const int64_t images = imagesIn(count, v);
      for (int64_t i = 0; i < kLanes; ++i) {
        const float* row = from + i * features;
        rows[static_cast<size_t>(i)] = i >= images ? Vec{} : width == kLanes ? load(row) : loadPartial(row, width);
      }
      transpose(rows);
      for (int64_t i = 0; i < width; ++i) store(cells[i] + v * kLanes, rows[static_cast<size_t>(i)]);
    }
  }
}

void storeTile(const Value& from, float* batch, int64_t features, int64_t first, int64_t count, int64_t vectors) {
  CellWalk walk{from};
  std::array<Vec, kLanes> rows;
  for (int64_t feature = 0; feature < features; feature += kLanes) {
    const int64_t width = std::min<int64_t>(kLanes, features - feature);
    const float* cells[kLanes];
    for (int64_t i = 0; i < width; ++i) cells[i] = walk.next();
    for (int64_t v = 0; v < vectors; ++v) {
      for (int64_t i = 0; i < kLanes; ++i)
        rows[static_cast<size_t>(i)] = i < width ? load(cells[i] + v * kLanes) : Vec{};
      transpose(rows);
      float* to = batch + (first + v * kLanes) * features + feature;
      for (int64_t i = 0; i < imagesIn(count, v); ++i) {
        if (width == kLanes) {
          store(to + i * features, rows[static_cast<size_t>(i)]);
        } else {
          storePartial(to + i * features, rows[static_cast<size_t>(i)], width);
        }
      }
    }
  }
}
