// Batch normalization in training over tiles [tile][channel][pixel][lane]; lanes behind the last image do not count.
//   y = relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual)
// Sums are taken plane by plane (a tile's channel), squared deviations while the plane is in the cache, and planes are merged
// in order (Chan, Golub and LeVeque, 1983) in double precision.
#include <algorithm>
#include <array>
#include <cmath>

#include "call.h"
#include "simd.h"
#include "threads.h"

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

// Sums over the pixels of a plane of terms(pixel's first float), K vectors each; one float per sum, over the first `lanes`.
template <int K, class Terms>
std::array<float, K> sumPlane(int64_t floats, int64_t lanes, Terms&& terms) {
  constexpr int kSide = 4;
  std::array<Vec, K> acc[kSide] = {};
  int64_t i = 0;
  for (; i + kSide * kLanes <= floats; i += kSide * kLanes)
#pragma GCC unroll 4
    for (int s = 0; s < kSide; ++s) {
      const std::array<Vec, K> term = terms(i + s * kLanes);
      for (size_t k = 0; k < K; ++k) acc[s][k] += term[k];
    }
  for (; i < floats; i += kLanes) {
    const std::array<Vec, K> term = terms(i);
    for (size_t k = 0; k < K; ++k) acc[0][k] += term[k];
  }
  std::array<float, K> sums;
  for (size_t k = 0; k < K; ++k) {
    const Vec all = (acc[0][k] + acc[1][k]) + (acc[2][k] + acc[3][k]);
    float each[kLanes] = {};
    store(each, all);
    for (int64_t lane = lanes; lane < kLanes; ++lane) each[lane] = 0;
    sums[k] = sumLanes(load(each));
  }
  return sums;
}

void moments(const Planes& p, const float* x, float* mean, float* variance) {
  float* partial = scratch(Scratch::Partial, p.tiles * p.channels * 2);
  p.each([&](int64_t plane, int64_t tile, int64_t) {
    const float* at = x + plane * p.floats();
    const int64_t lanes = p.lanes(tile);
    const auto sum = sumPlane<1>(p.floats(), lanes, [&](int64_t i) { return std::array<Vec, 1>{load(at + i)}; });
    const float average = sum[0] / static_cast<float>(std::max<int64_t>(1, lanes * p.pixels));
    const Vec centre = splat(average);
    const auto squares = sumPlane<1>(p.floats(), lanes, [&](int64_t i) {
      const Vec d = load(at + i) - centre;
      return std::array<Vec, 1>{d * d};
    });
    partial[2 * plane] = average;
    partial[2 * plane + 1] = squares[0];
  });
  for (int64_t c = 0; c < p.channels; ++c) {
    double count = 0, average = 0, squares = 0;
    for (int64_t tile = 0; tile < p.tiles; ++tile) {
      const float* of = partial + 2 * (tile * p.channels + c);
      const double n = static_cast<double>(p.lanes(tile) * p.pixels), delta = of[0] - average, total = count + n;
      average += delta * n / total;
      squares += of[1] + delta * delta * count * n / total;
      count = total;
    }
    mean[c] = static_cast<float>(average);
    variance[c] = static_cast<float>(squares / count);
  }
}

}  // namespace

// operands: x, gamma, beta, residual or 0, y, mean, variance; numbers: tiles, channels, pixels, images, epsilon, relu
KERNEL(TileBatchNormTraining) {
  const Planes p(call);
  const float epsilon = static_cast<float>(call.number(4));
  const bool withRelu = call.flag(5);
  const float *x = call.in<float>(0), *gamma = call.in<float>(1), *beta = call.in<float>(2), *residual = call.in<float>(3);
  float *y = call.out<float>(4), *mean = call.out<float>(5), *variance = call.out<float>(6);
  moments(p, x, mean, variance);
  p.each([&](int64_t plane, int64_t, int64_t c) {
    const Vec centre = splat(mean[c]), scale = splat(gamma[c] / std::sqrt(variance[c] + epsilon)), shift = splat(beta[c]);
    const int64_t from = plane * p.floats();
    for (int64_t i = from; i < from + p.floats(); i += kLanes) {
      Vec v = (load(x + i) - centre) * scale + shift;
      if (residual) v += load(residual + i);
      store(y + i, withRelu ? relu(v) : v);
    }
  });
}

// dy is 0 in the lanes behind the last image, and so are dx and dresidual.
// operands: dy, x, y or 0 (where it was relu of x normalized, whose sign is computed anew: that is less to read), gamma, beta,
// mean, variance, dx, dgamma, dbeta, dresidual or 0
// numbers: tiles, channels, pixels, images, epsilon, relu
KERNEL(TileBatchNormTrainingGrad) {
  const Planes p(call);
  const float epsilon = static_cast<float>(call.number(4));
  const bool withRelu = call.flag(5);
  const float *dy = call.in<float>(0), *x = call.in<float>(1), *y = call.in<float>(2), *gamma = call.in<float>(3);
  const float *beta = call.in<float>(4), *mean = call.in<float>(5), *variance = call.in<float>(6);
  float *dx = call.out<float>(7), *dgamma = call.out<float>(8), *dbeta = call.out<float>(9), *dresidual = call.out<float>(10);
  // Of channel c at i, x - mean being `centred` there.
  const auto gradient = [&](int64_t i, Vec centred, Vec scale, Vec shift) {
    const Vec d = load(dy + i);
    if (!withRelu) return d;
    return (y ? load(y + i) : centred * scale + shift) > Vec{} ? d : Vec{};
  };
  float* partial = scratch(Scratch::Partial, p.tiles * p.channels * 2);
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    const float root = std::sqrt(variance[c] + epsilon);
    const Vec centre = splat(mean[c]), inverse = splat(1 / root), scale = splat(gamma[c] / root), shift = splat(beta[c]);
    const int64_t from = plane * p.floats();
    const auto sums = sumPlane<2>(p.floats(), p.lanes(tile), [&](int64_t i) {
      const Vec centred = load(x + from + i) - centre, d = gradient(from + i, centred, scale, shift);
      if (dresidual) store(dresidual + from + i, d);
      return std::array<Vec, 2>{d, d * centred * inverse};
    });
    partial[2 * plane] = sums[0];
    partial[2 * plane + 1] = sums[1];
  });
  float* line = scratch(Scratch::Local, 3 * p.channels);
  float *factor = line, *constant = line + p.channels, *slope = constant + p.channels;
  const double count = static_cast<double>(p.images * p.pixels);
  for (int64_t c = 0; c < p.channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t tile = 0; tile < p.tiles; ++tile) {
      sum += partial[2 * (tile * p.channels + c)];
      product += partial[2 * (tile * p.channels + c) + 1];
    }
    const float inverse = 1 / std::sqrt(variance[c] + epsilon);
    dbeta[c] = static_cast<float>(sum);
    dgamma[c] = static_cast<float>(product);
    factor[c] = gamma[c] * inverse;
    constant[c] = static_cast<float>(sum / count);
    slope[c] = static_cast<float>(product / count) * inverse;
  }
  p.each([&](int64_t plane, int64_t tile, int64_t c) {
    const Vec centre = splat(mean[c]), f = splat(factor[c]), k = splat(constant[c]), s = splat(slope[c]);
    const Vec scale = splat(gamma[c] / std::sqrt(variance[c] + epsilon)), shift = splat(beta[c]);
    const int64_t from = plane * p.floats(), lanes = p.lanes(tile);
    for (int64_t i = from; i < from + p.floats(); i += kLanes) {
      const Vec centred = load(x + i) - centre;
      const Vec d = dresidual ? load(dresidual + i) : gradient(i, centred, scale, shift);
      store(dx + i, f * (d - k - centred * s));
    }
    if (lanes == kLanes) return;
    for (int64_t i = from; i < from + p.floats(); i += kLanes) std::fill_n(dx + i + lanes, kLanes - lanes, 0.0f);
  });
}
