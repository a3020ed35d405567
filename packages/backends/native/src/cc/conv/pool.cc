// Max and average pooling (NHWC) and their gradients, vectors along the channels.
// As on the stock backend, max pooling passes over NaN, and ties send the gradient to the first maximum of the window.
// The average divides by the number of pixels inside the image, but its gradient by the whole window, as tfjs and its
// specs have it; so where windows overlap the border it is not the derivative of the forward pass.
#include <algorithm>
#include <limits>

#include "addon/call.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

// The numbers of every call here.
#define POOL_SHAPE                                                                                                  \
  images, height, width, channels, outHeight, outWidth, filterHeight, filterWidth, strideY, strideX, dilationY,    \
      dilationX, top, left

struct Shape {
  int64_t POOL_SHAPE;

  // Windows tile the image exactly: every input pixel belongs to one window.
  bool tiles() const {
    return strideY == filterHeight && strideX == filterWidth && dilationY == 1 && dilationX == 1 && top == 0 && left == 0 &&
           outHeight * strideY == height && outWidth * strideX == width;
  }
};

Shape shapeOf(const Call& call) {
  int64_t n[14];
  for (int i = 0; i < 14; ++i) n[i] = call.integer(i);
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13]};
}

// The taps of a window that lie inside the image: first tap and one past the last.
struct Taps {
  int64_t start, begin, end;
  Taps(int64_t out, int64_t stride, int64_t pad, int64_t dilation, int64_t filter, int64_t size) {
    start = out * stride - pad;
    begin = start >= 0 ? 0 : ceilDivide(-start, dilation);
    end = start >= size ? 0 : std::min(filter, ceilDivide(size - start, dilation));
  }
};

// Calls body(offset of the pixel in the image) for the pixels of a window, in row order.
template <class Body>
inline void eachPixel(const Shape& s, const Taps& ty, const Taps& tx, Body&& body) {
  for (int64_t a = ty.begin; a < ty.end; ++a)
    for (int64_t b = tx.begin; b < tx.end; ++b)
      body(((ty.start + a * s.dilationY) * s.width + tx.start + b * s.dilationX) * s.channels);
}

// Calls body(image, window offset in the output, vertical taps, horizontal taps) for all windows; an image, or a row of
// one where rows are independent, is a task.
template <class Body>
void eachWindow(const Shape& s, bool rowsIndependent, Body&& body) {
  const int64_t rows = s.outHeight;
  const auto row = [&](int64_t image, int64_t y) {
    const Taps ty(y, s.strideY, s.top, s.dilationY, s.filterHeight, s.height);
    for (int64_t x = 0; x < s.outWidth; ++x) {
      const Taps tx(x, s.strideX, s.left, s.dilationX, s.filterWidth, s.width);
      body(image, ((image * rows + y) * s.outWidth + x) * s.channels, ty, tx);
    }
  };
  if (rowsIndependent) {
    const int64_t grain = std::max<int64_t>(1, 16384 / (s.outWidth * s.channels * s.filterHeight * s.filterWidth + 1));
    parallelRange(s.images * rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) row(i / rows, i % rows);
    });
  } else {
    parallel(s.images, [&](int64_t image) {
      for (int64_t y = 0; y < rows; ++y) row(image, y);
    });
  }
}

void zeroInput(const Shape& s, float* dx) {
  parallelRange(s.images * s.height * s.width * s.channels, 65536,
                [&](int64_t begin, int64_t end) { std::fill(dx + begin, dx + end, 0.0f); });
}

}  // namespace

KERNEL(MaxPool, (x, OUT(y)), (POOL_SHAPE)) {
  const Shape s = shapeOf(call);
  const float* x = call.in<float>(Operand::x);
  float* y = call.out<float>(Operand::y);
  eachWindow(s, true, [&](int64_t image, int64_t out, const Taps& ty, const Taps& tx) {
    const float* from = x + image * s.height * s.width * s.channels;
    eachColumn(s.channels, [&](int64_t c, auto lanes) {
      Vec best = splat(-std::numeric_limits<float>::infinity());
      eachPixel(s, ty, tx, [&](int64_t pixel) { best = maximum(best, lanes(from + pixel + c)); });
      lanes.put(y + out + c, best);
    });
  });
}

KERNEL(MaxPoolGrad, (dy, x, y, OUT(dx)), (POOL_SHAPE)) {
  const Shape s = shapeOf(call);
  const float *dy = call.in<float>(Operand::dy), *x = call.in<float>(Operand::x), *y = call.in<float>(Operand::y);
  float* dx = call.out<float>(Operand::dx);
  const bool tiles = s.tiles();
  if (!tiles) zeroInput(s, dx);
  eachWindow(s, tiles, [&](int64_t image, int64_t out, const Taps& ty, const Taps& tx) {
    const int64_t base = image * s.height * s.width * s.channels;
    eachColumn(s.channels, [&](int64_t c, auto lanes) {
      const Vec best = lanes(y + out + c);
      Vec gradient = lanes(dy + out + c);
      eachPixel(s, ty, tx, [&](int64_t pixel) {
        const int64_t at = base + pixel + c;
        const auto hit = lanes(x + at) == best;
        const Vec share = hit ? gradient : Vec{};
        lanes.put(dx + at, tiles ? share : lanes(dx + at) + share);
        gradient = hit ? Vec{} : gradient;
      });
    });
  });
}

KERNEL(AvgPool, (x, OUT(y)), (POOL_SHAPE)) {
  const Shape s = shapeOf(call);
  const float* x = call.in<float>(Operand::x);
  float* y = call.out<float>(Operand::y);
  eachWindow(s, true, [&](int64_t image, int64_t out, const Taps& ty, const Taps& tx) {
    const float* from = x + image * s.height * s.width * s.channels;
    const Vec count = splat(static_cast<float>(std::max<int64_t>(0, ty.end - ty.begin) * std::max<int64_t>(0, tx.end - tx.begin)));
    eachColumn(s.channels, [&](int64_t c, auto lanes) {
      Vec sum{};
      eachPixel(s, ty, tx, [&](int64_t pixel) { sum += lanes(from + pixel + c); });
      lanes.put(y + out + c, sum / count);
    });
  });
}

KERNEL(AvgPoolGrad, (dy, OUT(dx)), (POOL_SHAPE)) {
  const Shape s = shapeOf(call);
  const float* dy = call.in<float>(Operand::dy);
  float* dx = call.out<float>(Operand::dx);
  const bool tiles = s.tiles();
  const Vec count = splat(static_cast<float>(s.filterHeight * s.filterWidth));
  if (!tiles) zeroInput(s, dx);
  eachWindow(s, tiles, [&](int64_t image, int64_t out, const Taps& ty, const Taps& tx) {
    const int64_t base = image * s.height * s.width * s.channels;
    eachColumn(s.channels, [&](int64_t c, auto lanes) {
      const Vec share = lanes(dy + out + c) / count;
      eachPixel(s, ty, tx, [&](int64_t pixel) {
        const int64_t at = base + pixel + c;
        lanes.put(dx + at, tiles ? share : lanes(dx + at) + share);
      });
    });
  });
}
