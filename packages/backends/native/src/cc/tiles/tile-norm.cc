#include "tiles/tile-norm.h"

#include <cmath>

#include "addon/call.h"
#include "runtime/threads.h"

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

// The first numbers of every call here.
#define TILE_PLANES tiles, channels, pixels, images

struct Planes {
  int64_t TILE_PLANES;
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

KERNEL(TileMoments, (x, gamma, OUT(mean), OUT(variance), OUT(scale)), (TILE_PLANES, epsilon)) {
  const Planes p(call);
  const float *x = call.in<float>(Operand::x), *gamma = call.in<float>(Operand::gamma);
  float *mean = call.out<float>(Operand::mean), *variance = call.out<float>(Operand::variance);
  float *scale = call.out<float>(Operand::scale);
  Moments* parts = reinterpret_cast<Moments*>(scratch(Scratch::Partial, p.tiles * p.channels * 2));
  p.each([&](int64_t plane, int64_t tile, int64_t) {
    parts[plane] = momentsOf(x + plane * p.floats(), p.floats(), p.lanes(tile));
  });
  mergeMoments(parts, p.tiles, p.channels, [&](int64_t tile) { return p.lanes(tile) * p.pixels; }, mean, variance);
  scaleOf(p.channels, gamma, variance, static_cast<float>(call.number(Number::epsilon)), scale);
}

// dScale: per channel the sum of g * (x - mean); dShift: that of g.
KERNEL(TileMomentsGrad, (g, x, mean, variance, scale, dScale, dShift, OUT(dx), OUT(dGamma)), (TILE_PLANES, epsilon)) {
  const Planes p(call);
  float *dx = call.out<float>(Operand::dx), *lines = scratch(Scratch::Local, 2 * p.channels);
  const MomentsGrad gradient{call.in<float>(Operand::g), call.in<float>(Operand::x), call.in<float>(Operand::mean),
                             call.in<float>(Operand::scale), lines, lines + p.channels, false};
  momentsGradLines(p.channels, static_cast<double>(p.images * p.pixels), call.in<float>(Operand::dShift),
                   call.in<float>(Operand::dScale), call.in<float>(Operand::variance),
                   static_cast<float>(call.number(Number::epsilon)), lines, lines + p.channels,
                   call.out<float>(Operand::dGamma));
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    gradient.read(c, plane * p.floats(), p.pixels, p.lanes(tile), dx + plane * p.floats(), kLanes);
  });
}

KERNEL(TileNormalize, (x, mean, scale, shift, OPTIONAL(residual), OUT(y)), (TILE_PLANES, relu)) {
  const Planes p(call);
  const NormedTiles from{call.in<float>(Operand::x), call.in<float>(Operand::mean), call.in<float>(Operand::scale),
                         call.in<float>(Operand::shift), call.in<float>(Operand::residual), call.flag(Number::relu)};
  float* y = call.out<float>(Operand::y);
  p.each([&](int64_t plane, int64_t, int64_t c) {
    from.read(c, plane * p.floats(), p.pixels, y + plane * p.floats(), kLanes);
  });
}

// dScale: per channel the sum of g * (x - mean); dShift: that of g.
KERNEL(TileNormalizeGrad,
       (dy, x, mean, scale, shift, OPTIONAL(residual), OUT(g), OUT(dScale), OUT(dShift)),
       (TILE_PLANES, relu)) {
  const Planes p(call);
  const float* dy = call.in<float>(Operand::dy);
  const NormedTiles from{call.in<float>(Operand::x), call.in<float>(Operand::mean), call.in<float>(Operand::scale),
                         call.in<float>(Operand::shift), call.in<float>(Operand::residual), call.flag(Number::relu)};
  float *g = call.out<float>(Operand::g), *products = call.out<float>(Operand::dScale), *sums = call.out<float>(Operand::dShift);
  auto* parts = reinterpret_cast<std::array<float, 2>*>(scratch(Scratch::Partial, p.tiles * p.channels * 2));
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    float* at = g + plane * p.floats();
    if (at != dy + plane * p.floats()) std::copy_n(dy + plane * p.floats(), p.floats(), at);
    parts[plane] = from.readBack(c, plane * p.floats(), p.floats(), p.lanes(tile), at);
  });
  addSums(parts, p.tiles, p.channels, sums, products);
}
