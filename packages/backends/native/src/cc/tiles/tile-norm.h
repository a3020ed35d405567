// Batch normalization over tiles [tile][channel][pixel][lane], taken apart so that its halves can be computed where tiles are
// written and read:
//   moments    mean and variance of each channel, and scale = gamma / sqrt(variance + epsilon)
//   reading    relu((x - mean) * scale + beta + residual)
// and backward, with g the gradient behind the ReLU, which is that of the residual too:
//   reading    g, and per channel the sums of g and of g * (x - mean)
//   moments    dx = scale * (g - mean of g - (x - mean) * mean of g * (x - mean) / (variance + epsilon))
// Lanes behind the last image do not count, and have no gradient.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "simd/simd.h"

// Sums over cells of terms(a cell's first float), K vectors each; one float per sum, over the first `lanes`.
template <int K, class Terms>
std::array<float, K> sumCells(int64_t floats, int64_t lanes, Terms&& terms) {
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

// Mean and squared deviations of a part of a channel: the deviations are taken while the part is in the cache.
struct Moments {
  float mean, squares;
};
Moments momentsOf(const float* cells, int64_t floats, int64_t lanes);

// Merges the moments of parts [part][channel], part i being counts(i) values of each channel, in order (Chan, Golub and LeVeque,
// 1983) in double precision.
template <class Counts>
void mergeMoments(const Moments* parts, int64_t count, int64_t channels, Counts&& counts, float* mean, float* variance) {
  for (int64_t c = 0; c < channels; ++c) {
    double values = 0, average = 0, squares = 0;
    for (int64_t part = 0; part < count; ++part) {
      const Moments& of = parts[part * channels + c];
      const double n = static_cast<double>(counts(part)), delta = of.mean - average, total = values + n;
      average += delta * n / total;
      squares += of.squares + delta * delta * values * n / total;
      values = total;
    }
    mean[c] = static_cast<float>(average);
    variance[c] = static_cast<float>(squares / values);
  }
}

void scaleOf(int64_t channels, const float* gamma, const float* variance, float epsilon, float* scale);

// Tiles as they are read: x itself, or x behind a batch norm whose moments are known.
struct NormedTiles {
  const float* x;
  const float *mean, *scale, *shift;  // [channels]; null for x itself
  const float* residual;              // or null
  bool relu;

  bool normed() const { return mean != nullptr; }
  // Cells from float `at` of the tensor on, `step` floats apart.
  void read(int64_t channel, int64_t at, int64_t cells, float* to, int64_t step) const;
  // From the gradient of what was read to g, in place, behind a batch norm. Gives the sums of g and of g * (x - mean).
  std::array<float, 2> readBack(int64_t channel, int64_t at, int64_t floats, int64_t lanes, float* gradient) const;
};

// The same for one channel, cell by cell; x itself is a norm that changes nothing.
struct NormedChannel {
  Vec centre{}, factor = splat(1), add{}, least = splat(-HUGE_VALF);

  NormedChannel(const NormedTiles& of, int64_t channel) {
    if (of.normed()) centre = splat(of.mean[channel]), factor = splat(of.scale[channel]), add = splat(of.shift[channel]);
    if (of.normed() && of.relu) least = Vec{};
  }
  Vec centred(const float* x) const { return load(x) - centre; }
  Vec read(const float* x, Vec residual) const {
    const Vec v = centred(x) * factor + add + residual;
    return v < least ? least : v;
  }
  Vec readBack(Vec gradient, Vec wasRead) const { return wasRead <= least ? Vec{} : gradient; }
};

// Adds the pairs [part][channel] that `readBack` gave, in order, in double precision.
void addSums(const std::array<float, 2>* parts, int64_t count, int64_t channels, float* sums, float* products);

// The gradient of what a batch norm reads, cell by cell; or, without batch norm, of what a ReLU or nothing reads.
struct MomentsGrad {
  const float *g, *x;  // x: what the batch norm reads, or the ReLU's output
  const float *mean, *scale, *constant, *slope;  // [channels]; null without batch norm
  bool relu;

  void read(int64_t channel, int64_t at, int64_t cells, int64_t lanes, float* to, int64_t step) const;
};

// The lines of `MomentsGrad` [constant | slope], and the gradient of gamma, from the sums over all `count` values of a channel.
void momentsGradLines(int64_t channels, double count, const float* sums, const float* products, const float* variance,
                      float epsilon, float* constant, float* slope, float* dgamma);
