// Between images [image][row][column][channel], tiles [tile][channel][row][column][lane] whose lanes are images, and columns
// [feature][image]; and the layers that move or average whole channels of tiles. Lanes behind the last image: gradients are 0.
#include <algorithm>
#include <cstring>

#include "addon/call.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "tiles/tile-images.h"

namespace {

// The first numbers of every call here. `channels` are those of the layer's input.
#define TILED_IMAGES images, height, width, channels

struct Tiles {
  int64_t TILED_IMAGES;
  explicit Tiles(const Call& call)
      : images(call.integer(0)), height(call.integer(1)), width(call.integer(2)), channels(call.integer(3)) {}
  int64_t count() const { return ceilDivide(images, kLanes); }
  int64_t pixels() const { return height * width; }
  int64_t features() const { return pixels() * channels; }
  int64_t lanes(int64_t tile) const { return std::min<int64_t>(kLanes, images - tile * kLanes); }
  Value value(float* tiles, int64_t tile) const {
    // As ValueWord names them.
    const double words[kValueWords] = {0, double(channels), double(height), double(width), double(height), double(width), 0, 0};
    return Value(words, tiles + tile * features() * kLanes, kLanes);
  }
};

}  // namespace

KERNEL(ImagesToTiles, (images, OUT(tiles)), (TILED_IMAGES)) {
  const Tiles t(call);
  const float* from = call.in<float>(Operand::images);
  float* to = call.out<float>(Operand::tiles);
  parallel(t.count(), [&](int64_t tile) { loadTile(from, t.features(), tile * kLanes, t.lanes(tile), t.value(to, tile), 1); });
}

KERNEL(TilesToImages, (tiles, OUT(images)), (TILED_IMAGES)) {
  const Tiles t(call);
  float *from = call.out<float>(Operand::tiles), *to = call.out<float>(Operand::images);
  parallel(t.count(), [&](int64_t tile) { storeTile(t.value(from, tile), to, t.features(), tile * kLanes, t.lanes(tile), 1); });
}

// y [channels, images]
KERNEL(TileGlobalAverage, (x, OUT(y)), (TILED_IMAGES)) {
  const Tiles t(call);
  const float* from = call.in<float>(Operand::x);
  float* to = call.out<float>(Operand::y);
  const Vec share = splat(1.0f / static_cast<float>(t.pixels()));
  parallel(t.count(), [&](int64_t tile) {
    for (int64_t c = 0; c < t.channels; ++c) {
      const float* plane = from + (tile * t.channels + c) * t.pixels() * kLanes;
      Vec sum{};
      for (int64_t i = 0; i < t.pixels(); ++i) sum += load(plane + i * kLanes);
      storePartial(to + c * t.images + tile * kLanes, sum * share, t.lanes(tile));
    }
  });
}

// dy [channels, images], dx in tiles
KERNEL(TileGlobalAverageGrad, (dy, OUT(dx)), (TILED_IMAGES)) {
  const Tiles t(call);
  const float* from = call.in<float>(Operand::dy);
  float* to = call.out<float>(Operand::dx);
  const Vec share = splat(1.0f / static_cast<float>(t.pixels()));
  parallel(t.count(), [&](int64_t tile) {
    for (int64_t c = 0; c < t.channels; ++c) {
      const Vec each = loadPartial(from + c * t.images + tile * kLanes, t.lanes(tile)) * share;
      float* plane = to + (tile * t.channels + c) * t.pixels() * kLanes;
      for (int64_t i = 0; i < t.pixels(); ++i) store(plane + i * kLanes, each);
    }
  });
}

// Every stride-th pixel, between channels of zeros.
KERNEL(TileSubsamplePad, (x, OUT(y)), (TILED_IMAGES, stride, outChannels)) {
  const Tiles t(call);
  const float* x = call.in<float>(Operand::x);
  float* y = call.out<float>(Operand::y);
  const int64_t stride = call.integer(Number::stride), channels = call.integer(Number::outChannels);
  const int64_t before = (channels - t.channels) / 2;
  const int64_t height = (t.height - 1) / stride + 1, width = (t.width - 1) / stride + 1;
  parallel(t.count() * channels, [&](int64_t plane) {
    const int64_t tile = plane / channels, c = plane % channels - before;
    float* to = y + plane * height * width * kLanes;
    if (c < 0 || c >= t.channels) return std::fill_n(to, height * width * kLanes, 0.0f), void();
    const float* from = x + (tile * t.channels + c) * t.pixels() * kLanes;
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < width; ++j, to += kLanes) store(to, load(from + (i * t.width + j) * stride * kLanes));
  });
}

KERNEL(TileSubsamplePadGrad, (dy, OUT(dx)), (TILED_IMAGES, stride, outChannels)) {
  const Tiles t(call);
  const float* dy = call.in<float>(Operand::dy);
  float* dx = call.out<float>(Operand::dx);
  const int64_t stride = call.integer(Number::stride), channels = call.integer(Number::outChannels);
  const int64_t before = (channels - t.channels) / 2;
  const int64_t height = (t.height - 1) / stride + 1, width = (t.width - 1) / stride + 1;
  parallel(t.count() * t.channels, [&](int64_t plane) {
    const int64_t tile = plane / t.channels, c = plane % t.channels + before;
    const float* from = dy + (tile * channels + c) * height * width * kLanes;
    float* to = dx + plane * t.pixels() * kLanes;
    if (stride > 1) std::fill_n(to, t.pixels() * kLanes, 0.0f);
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < width; ++j, from += kLanes) store(to + (i * t.width + j) * stride * kLanes, load(from));
  });
}
