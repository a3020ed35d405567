#include "tile-norm.h"

#include <cmath>

#include "call.h"
#include "threads.h"

namespace {

// Planes are longer than the pages at whose ends the hardware stops to read ahead.
void fetchAhead(const float* p) { __builtin_prefetch(p + 1024); }

}  // namespace

Moments momentsOf(const float* cells, int64_t floats, int64_t lanes) {
  const auto sum = sumCells<1>(floats, lanes, [&](int64_t i) { return std::array<Vec, 1>{load(cells + i)}; });
  const float mean = sum[0] / static_cast<float>(std::max<int64_t>(1, floats / kLanes * lanes));
  const Vec centre = splat(mean);
  const auto squares = sumCells<1>(floats, lanes, [&](int64_t i) {
    const Vec d = load(cells + i) - centre;
    return std::array<Vec, 1>{d * d};
  });
  return {mean, squares[0]};
}

void scaleOf(int64_t channels, const float* gamma, const float* variance, float epsilon, float* scale) {
  for (int64_t c = 0; c < channels; ++c) scale[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
}

void NormedTiles::read(int64_t channel, int64_t at, int64_t cells, float* to, int64_t step) const {
  const float* from = x + at;
  if (!normed()) {
    for (int64_t i = 0; i < cells; ++i) store(to + i * step, load(from + i * kLanes));
    return;
  }
  const NormedChannel norm(*this, channel);
  const auto each = [&](auto more) {
    for (int64_t i = 0; i < cells; ++i) {
      fetchAhead(from + i * kLanes);
      store(to + i * step, norm.read(from + i * kLanes, more(i * kLanes)));
    }
  };
  if (residual) {
    each([other = residual + at](int64_t i) {
      fetchAhead(other + i);
      return load(other + i);
    });
  } else {
    each([](int64_t) { return Vec{}; });
  }
}

std::array<float, 2> NormedTiles::readBack(int64_t channel, int64_t at, int64_t floats, int64_t lanes, float* gradient) const {
  const NormedChannel norm(*this, channel);
  const float *from = x + at, *other = residual ? residual + at : nullptr;
  return sumCells<2>(floats, lanes, [&](int64_t i) {
    fetchAhead(from + i);
    const Vec g = norm.readBack(load(gradient + i), norm.read(from + i, other ? load(other + i) : Vec{}));
    store(gradient + i, g);
    return std::array<Vec, 2>{g, g * norm.centred(from + i)};
  });
}

void addSums(const std::array<float, 2>* parts, int64_t count, int64_t channels, float* sums, float* products) {
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t part = 0; part < count; ++part) {
      sum += parts[part * channels + c][0];
      product += parts[part * channels + c][1];
    }
    sums[c] = static_cast<float>(sum);
    products[c] = static_cast<float>(product);
  }
}

void MomentsGrad::read(int64_t channel, int64_t at, int64_t cells, int64_t lanes, float* to, int64_t step) const {
  const float *from = g + at, *of = x ? x + at : nullptr;
  if (!mean) {
    for (int64_t i = 0; i < cells; ++i) {
      const Vec d = load(from + i * kLanes);
      store(to + i * step, !relu ? d : load(of + i * kLanes) > Vec{} ? d : Vec{});
    }
    return;
  }
  const Vec centre = splat(mean[channel]), factor = splat(scale[channel]);
  const Vec less = splat(constant[channel]), tilt = splat(slope[channel]);
  for (int64_t i = 0; i < cells; ++i) {
    const float *gAt = from + i * kLanes, *xAt = of + i * kLanes;
    fetchAhead(gAt), fetchAhead(xAt);
    store(to + i * step, factor * (load(gAt) - less - (load(xAt) - centre) * tilt));
  }
  if (lanes == kLanes) return;
  for (int64_t i = 0; i < cells; ++i) std::fill_n(to + i * step + lanes, kLanes - lanes, 0.0f);
}

void momentsGradLines(int64_t channels, double count, const float* sums, const float* products, const float* variance,
                      float epsilon, float* constant, float* slope, float* dgamma) {
  for (int64_t c = 0; c < channels; ++c) {
    const float root = std::sqrt(variance[c] + epsilon);
    constant[c] = static_cast<float>(sums[c] / count);
    slope[c] = static_cast<float>(products[c] / (count * root * root));
    dgamma[c] = products[c] / root;
  }
}

namespace {

struct Planes {
  int64_t tiles, channels, pixels, images;
  explicit Planes(const Call& call)
      : tiles(call.integer(0)), channels(call.integer(1)), pixels(call.integer(2)), images(call.integer(3)) {}
  int64_t floats() const { return pixels * kLanes; }
  int64_t lanes(int64_t tile) const { return std::clamp<int64_t>(images - tile * kLanes, 0, kLanes); }
  // Calls body(plane, tile, channel) for all planes; a task takes about 64 kB.
  template <class Body>
  void each(Body&& body) const {
    parallelRange(tiles * channels, std::max<int64_t>(1, 16384 / floats()), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) body(plane, plane / channels, plane % channels);
    });
  }
};

}  // namespace

// operands: x, gamma, mean, variance, scale; numbers: tiles, channels, pixels, images, epsilon
KERNEL(TileMoments) {
  const Planes p(call);
  const float *x = call.in<float>(0), *gamma = call.in<float>(1);
  float *mean = call.out<float>(2), *variance = call.out<float>(3), *scale = call.out<float>(4);
  Moments* parts = reinterpret_cast<Moments*>(scratch(Scratch::Partial, p.tiles * p.channels * 2));
  p.each([&](int64_t plane, int64_t tile, int64_t) {
    parts[plane] = momentsOf(x + plane * p.floats(), p.floats(), p.lanes(tile));
  });
  mergeMoments(parts, p.tiles, p.channels, [&](int64_t tile) { return p.lanes(tile) * p.pixels; }, mean, variance);
  scaleOf(p.channels, gamma, variance, static_cast<float>(call.number(4)), scale);
}

// operands: g, x, mean, variance, scale, sums of g * (x - mean), sums of g, dx, dgamma
// numbers: tiles, channels, pixels, images, epsilon
KERNEL(TileMomentsGrad) {
  const Planes p(call);
  float *dx = call.out<float>(7), *lines = scratch(Scratch::Local, 2 * p.channels);
  const MomentsGrad gradient{call.in<float>(0), call.in<float>(1), call.in<float>(2), call.in<float>(4), lines, lines + p.channels, false};
  momentsGradLines(p.channels, static_cast<double>(p.images * p.pixels), call.in<float>(6), call.in<float>(5),
                   call.in<float>(3), static_cast<float>(call.number(4)), lines, lines + p.channels, call.out<float>(8));
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    gradient.read(c, plane * p.floats(), p.pixels, p.lanes(tile), dx + plane * p.floats(), kLanes);
  });
}

// operands: x, mean, scale, shift, residual or 0, y; numbers: tiles, channels, pixels, images, relu
KERNEL(TileNormalize) {
  const Planes p(call);
  const NormedTiles from{call.in<float>(0), call.in<float>(1), call.in<float>(2), call.in<float>(3), call.in<float>(4), call.flag(4)};
  float* y = call.out<float>(5);
  p.each([&](int64_t plane, int64_t, int64_t c) {
    from.read(c, plane * p.floats(), p.pixels, y + plane * p.floats(), kLanes);
  });
}

// operands: dy, x, mean, scale, shift, residual or 0, g, sums of g * (x - mean), sums of g
// numbers: tiles, channels, pixels, images, relu
KERNEL(TileNormalizeGrad) {
  const Planes p(call);
  const float* dy = call.in<float>(0);
  const NormedTiles from{call.in<float>(1), call.in<float>(2), call.in<float>(3), call.in<float>(4), call.in<float>(5), call.flag(4)};
  float *g = call.out<float>(6), *products = call.out<float>(7), *sums = call.out<float>(8);
  auto* parts = reinterpret_cast<std::array<float, 2>*>(scratch(Scratch::Partial, p.tiles * p.channels * 2));
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    float* at = g + plane * p.floats();
    if (at != dy + plane * p.floats()) std::copy_n(dy + plane * p.floats(), p.floats(), at);
    parts[plane] = from.readBack(c, plane * p.floats(), p.floats(), p.lanes(tile), at);
  });
  addSums(parts, p.tiles, p.channels, sums, products);
}
