// Batch normalization over all axes but the last, training mode, fused with an optional residual addition and ReLU.
//   y = relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual)
// Mean and variance come from one pass over memory: each chunk is averaged, then its squared deviations are summed while
// it is still in the cache; chunks are merged in order (Chan, Golub and LeVeque, 1983) in double precision.
#include <algorithm>
#include <cmath>

#include "addon/call.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

void moments(const float* x, int64_t rows, int64_t channels, float* mean, float* variance) {
  const int64_t perChunk = rowsPerChunk(channels), chunks = ceilDivide(rows, perChunk);
  float* partial = scratch(Scratch::Partial, chunks * 2 * channels);
  parallel(chunks, [&](int64_t chunk) {
    const int64_t begin = chunk * perChunk, end = std::min(rows, begin + perChunk);
    float* sums = partial + chunk * 2 * channels;
    sumColumns<1>(begin, end, channels, [&](int64_t i, int64_t c, auto lanes) {
      return std::array<Vec, 1>{lanes(x + i * channels + c)};
    }, sums);
    const float scale = 1.0f / static_cast<float>(end - begin);
    for (int64_t c = 0; c < channels; ++c) sums[c] *= scale;
    sumColumns<1>(begin, end, channels, [&](int64_t i, int64_t c, auto lanes) {
      const Vec d = lanes(x + i * channels + c) - lanes(sums + c);
      return std::array<Vec, 1>{d * d};
    }, sums + channels);
  });
  for (int64_t c = 0; c < channels; ++c) {
    double count = 0, average = 0, squares = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const double n = static_cast<double>(std::min(rows, (chunk + 1) * perChunk) - chunk * perChunk);
      const double delta = partial[chunk * 2 * channels + c] - average, total = count + n;
      average += delta * n / total;
      squares += partial[(chunk * 2 + 1) * channels + c] + delta * delta * count * n / total;
      count = total;
    }
    mean[c] = static_cast<float>(average);
    variance[c] = static_cast<float>(squares / count);
  }
}

template <bool RESIDUAL>
void normalize(const float* x, const float* residual, const float* mean, const float* scale, const float* beta, bool withRelu,
               int64_t rows, int64_t channels, float* y) {
  parallelRange(rows, rowsPerChunk(channels), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      eachColumn(channels, [&](int64_t c, auto lanes) {
        Vec v = (lanes(x + i * channels + c) - lanes(mean + c)) * lanes(scale + c) + lanes(beta + c);
        if (RESIDUAL) v += lanes(residual + i * channels + c);
        lanes.put(y + i * channels + c, withRelu ? relu(v) : v);
      });
  });
}

}  // namespace

KERNEL(BatchNormTraining,
       (x, gamma, beta, OPTIONAL(residual), OUT(y), OUT(mean), OUT(variance)),
       (rows, channels, epsilon, relu)) {
  const int64_t rows = call.integer(Number::rows), channels = call.integer(Number::channels);
  const float epsilon = static_cast<float>(call.number(Number::epsilon));
  const float *x = call.in<float>(Operand::x), *gamma = call.in<float>(Operand::gamma);
  const float *residual = call.in<float>(Operand::residual);
  float *mean = call.out<float>(Operand::mean), *variance = call.out<float>(Operand::variance);
  moments(x, rows, channels, mean, variance);
  float* scale = scratch(Scratch::Local, channels);
  for (int64_t c = 0; c < channels; ++c) scale[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
  (residual ? normalize<true> : normalize<false>)(x, residual, mean, scale, call.in<float>(Operand::beta),
                                                  call.flag(Number::relu), rows, channels,
                                                  call.out<float>(Operand::y));
}

KERNEL(BatchNormTrainingGrad,
       (dy, x, y, gamma, mean, variance, OUT(dx), OUT(dgamma), OUT(dbeta), OPTIONAL_OUT(dresidual)),
       (rows, channels, epsilon, relu)) {
  const int64_t rows = call.integer(Number::rows), channels = call.integer(Number::channels);
  const float epsilon = static_cast<float>(call.number(Number::epsilon));
  const bool withRelu = call.flag(Number::relu);
  const float *dy = call.in<float>(Operand::dy), *x = call.in<float>(Operand::x), *y = call.in<float>(Operand::y);
  const float *gamma = call.in<float>(Operand::gamma);
  const float *mean = call.in<float>(Operand::mean), *variance = call.in<float>(Operand::variance);
  float *dx = call.out<float>(Operand::dx), *dgamma = call.out<float>(Operand::dgamma);
  float *dbeta = call.out<float>(Operand::dbeta), *dresidual = call.out<float>(Operand::dresidual);
  const auto gradient = [&](int64_t at, auto lanes) {
    const Vec d = lanes(dy + at);
    return withRelu ? (lanes(y + at) > Vec{} ? d : Vec{}) : d;
  };
  float* inverse = scratch(Scratch::Local, 4 * channels);
  float *slope = inverse + channels, *constant = slope + channels, *factor = constant + channels;
  for (int64_t c = 0; c < channels; ++c) inverse[c] = 1 / std::sqrt(variance[c] + epsilon);

  const int64_t perChunk = rowsPerChunk(channels), chunks = ceilDivide(rows, perChunk);
  float* partial = scratch(Scratch::Partial, chunks * 2 * channels);
  parallel(chunks, [&](int64_t chunk) {
    sumColumns<2>(chunk * perChunk, std::min(rows, (chunk + 1) * perChunk), channels, [&](int64_t i, int64_t c, auto lanes) {
      const int64_t at = i * channels + c;
      const Vec d = gradient(at, lanes);
      if (dresidual) lanes.put(dresidual + at, d);
      return std::array<Vec, 2>{d, d * (lanes(x + at) - lanes(mean + c)) * lanes(inverse + c)};
    }, partial + chunk * 2 * channels);
  });
  const double count = static_cast<double>(rows);
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      sum += partial[chunk * 2 * channels + c];
      product += partial[(chunk * 2 + 1) * channels + c];
    }
    dbeta[c] = static_cast<float>(sum);
    dgamma[c] = static_cast<float>(product);
    factor[c] = gamma[c] * inverse[c];
    constant[c] = static_cast<float>(sum / count);
    slope[c] = static_cast<float>(product / count) * inverse[c];
  }
  parallelRange(rows, perChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      eachColumn(channels, [&](int64_t c, auto lanes) {
        const int64_t at = i * channels + c;
        const Vec d = dresidual ? lanes(dresidual + at) : gradient(at, lanes);
        const Vec centred = lanes(x + at) - lanes(mean + c);
        lanes.put(dx + at, lanes(factor + c) * (d - lanes(constant + c) - centred * lanes(slope + c)));
      });
  });
}

KERNEL(BatchNormInference, (x, mean, variance, OPTIONAL(offset), OPTIONAL(scale), OUT(y)), (rows, channels, epsilon)) {
  const int64_t rows = call.integer(Number::rows), channels = call.integer(Number::channels);
  const float epsilon = static_cast<float>(call.number(Number::epsilon));
  const float *variance = call.in<float>(Operand::variance), *offset = call.in<float>(Operand::offset);
  const float *gamma = call.in<float>(Operand::scale);
  float* scale = scratch(Scratch::Local, 2 * channels);
  float* shift = scale + channels;
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = (gamma ? gamma[c] : 1) / std::sqrt(variance[c] + epsilon);
    shift[c] = offset ? offset[c] : 0;
  }
  normalize<false>(call.in<float>(Operand::x), nullptr, call.in<float>(Operand::mean), scale, shift, false, rows, channels,
                   call.out<float>(Operand::y));
}
