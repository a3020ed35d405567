// Depthwise convolution (NHWC, one filter per channel) and its gradients, vectors along the channels.
#include <algorithm>

#include "addon/call.h"
#include "conv/conv.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

// Calls body(tap, offset of the pixel in the image) for the taps of output pixel (y, x) that lie inside the image.
template <class Body>
inline void eachTap(const ConvShape& s, int64_t y, int64_t x, Body&& body) {
  for (int64_t a = 0; a < s.filterHeight; ++a) {
    const int64_t row = y * s.strideY - s.top + a * s.dilationY;
    if (row < 0 || row >= s.height) continue;
    for (int64_t b = 0; b < s.filterWidth; ++b) {
      const int64_t column = x * s.strideX - s.left + b * s.dilationX;
      if (column >= 0 && column < s.width) body(a * s.filterWidth + b, (row * s.width + column) * s.channels);
    }
  }
}

}  // namespace

KERNEL(DepthwiseConv2D, (x, filter, OPTIONAL(bias), OUT(y)), (CONV_SHAPE, relu)) {
  const ConvShape s = shapeOf(call);
  const float *x = call.in<float>(Operand::x), *filter = call.in<float>(Operand::filter), *bias = call.in<float>(Operand::bias);
  float* y = call.out<float>(Operand::y);
  const bool withRelu = call.flag(Number::relu);
  parallel(s.images * s.outHeight, [&](int64_t task) {
    const float* image = x + task / s.outHeight * s.height * s.width * s.channels;
    for (int64_t column = 0; column < s.outWidth; ++column) {
      float* out = y + (task * s.outWidth + column) * s.channels;
      eachColumn(s.channels, [&](int64_t c, auto lanes) {
        Vec sum = bias ? lanes(bias + c) : Vec{};
        eachTap(s, task % s.outHeight, column, [&](int64_t tap, int64_t pixel) {
          sum += lanes(image + pixel + c) * lanes(filter + tap * s.channels + c);
        });
        lanes.put(out + c, withRelu ? relu(sum) : sum);
      });
    }
  });
}

KERNEL(DepthwiseConv2DBackpropInput, (dy, filter, OUT(dx)), (CONV_SHAPE)) {
  const ConvShape s = shapeOf(call);
  const float *dy = call.in<float>(Operand::dy), *filter = call.in<float>(Operand::filter);
  float* dx = call.out<float>(Operand::dx);
  const int64_t imageFloats = s.height * s.width * s.channels;
  parallel(s.images, [&](int64_t image) {
    float* to = dx + image * imageFloats;
    std::fill_n(to, imageFloats, 0.0f);
    for (int64_t p = 0; p < s.outHeight * s.outWidth; ++p) {
      const float* from = dy + (image * s.outHeight * s.outWidth + p) * s.channels;
      eachTap(s, p / s.outWidth, p % s.outWidth, [&](int64_t tap, int64_t pixel) {
        eachColumn(s.channels, [&](int64_t c, auto lanes) {
          lanes.put(to + pixel + c, lanes(to + pixel + c) + lanes(from + c) * lanes(filter + tap * s.channels + c));
        });
      });
    }
  });
}

KERNEL(DepthwiseConv2DBackpropFilter, (x, dy, OUT(dw)), (CONV_SHAPE)) {
  const ConvShape s = shapeOf(call);
  const float *x = call.in<float>(Operand::x), *dy = call.in<float>(Operand::dy);
  float* dw = call.out<float>(Operand::dw);
  const int64_t size = s.filterHeight * s.filterWidth * s.channels;
  const int64_t perChunk = std::max<int64_t>(1, ceilDivide(s.images, 16)), chunks = ceilDivide(s.images, perChunk);
  float* partial = scratch(Scratch::Partial, std::max<int64_t>(1, chunks) * size);
  parallel(chunks, [&](int64_t chunk) {
    float* sums = partial + chunk * size;
    std::fill_n(sums, size, 0.0f);
    for (int64_t image = chunk * perChunk; image < std::min(s.images, (chunk + 1) * perChunk); ++image)
      for (int64_t p = 0; p < s.outHeight * s.outWidth; ++p) {
        const float* from = dy + (image * s.outHeight * s.outWidth + p) * s.channels;
        const float* input = x + image * s.height * s.width * s.channels;
        eachTap(s, p / s.outWidth, p % s.outWidth, [&](int64_t tap, int64_t pixel) {
          float* sum = sums + tap * s.channels;
          eachColumn(s.channels, [&](int64_t c, auto lanes) {
            lanes.put(sum + c, lanes(sum + c) + lanes(from + c) * lanes(input + pixel + c));
          });
        });
      }
  });
  for (int64_t i = 0; i < size; ++i) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partial[chunk * size + i];
    dw[i] = static_cast<float>(sum);
  }
}
