// Operations that take one channel at a time, and programs for a single image.
#pragma once
#include <algorithm>
#include <limits>

#include "sparse-cell.h"
#include "sparse-program.h"

// Runs the images of a batch one after another, each operation cut up along its output channels. Lanes are neighbouring
// pixels there, so a value's cells are single floats.
void runImages(const double* program, const float* batch, float* result, int64_t images, float* arena);

template <int NV, class Body>
inline void eachPixel(const Value& out, int64_t c, Body&& body) {
  for (int64_t y = 0; y < out.height; ++y) {
    float* to = out.at(c, y, 0);
    for (int64_t x = 0; x < out.width; ++x) body(y, x).put(to + x * Cell<NV>::kFloats);
  }
}

// Calls body(cell) for the cells of a window that lie inside the image, and gives their number.
template <int NV, class Body>
inline int64_t eachTap(const Window& w, const Value& in, int64_t c, int64_t y, int64_t x, Body&& body) {
  const int64_t top = y * w.strideY - w.top, left = x * w.strideX - w.left;
  const int64_t y0 = std::max<int64_t>(0, top), y1 = std::min(in.height, top + w.height);
  const int64_t x0 = std::max<int64_t>(0, left), x1 = std::min(in.width, left + w.width);
  for (int64_t i = y0; i < y1; ++i)
    for (int64_t j = x0; j < x1; ++j) body(Cell<NV>::from(in.at(c, i, j)));
  return std::max<int64_t>(0, y1 - y0) * std::max<int64_t>(0, x1 - x0);
}

inline Vec activate(Vec x, int64_t kind) {
  switch (kind) {
    case 1:
      return eachLane(x, [](float value) { return std::tanh(value); });
    case 2:
      return logistic(x);
    default:
      return relu(x);
  }
}

// One output channel of an operation whose channels do not mix.
template <int NV>
void cellwise(const Op& op, const Value& in, const Value& out, const Value& other, int64_t c) {
  using C = Cell<NV>;
  switch (op.kind()) {
    case OpKind::MaxPool: {
      const Window w(op);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        C best = C::all(-std::numeric_limits<float>::infinity());
        eachTap<NV>(w, in, c, y, x, [&](const C& cell) { best = best.with(cell, maximum); });
        return best;
      });
    }
    case OpKind::AvgPool: {
      const Window w(op);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        C sum = C::all(0);
        const int64_t taps = eachTap<NV>(w, in, c, y, x, [&](const C& cell) { sum = sum + cell; });
        const Vec count = splat(static_cast<float>(taps));
        return sum.map([&](Vec v) { return v / count; });
      });
    }
    case OpKind::GlobalAverage: {
      C sum = C::all(0);
      for (int64_t y = 0; y < in.height; ++y)
        for (int64_t x = 0; x < in.width; ++x) sum = sum + C::from(in.at(c, y, x));
      const Vec count = splat(static_cast<float>(in.height * in.width));
      return sum.map([&](Vec v) { return v / count; }).put(out.at(c, 0, 0));
    }
    case OpKind::Add:
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        const C sum = C::from(in.at(c, y, x)) + C::from(other.at(c, y, x));
        return op.flag(0) ? sum.map([](Vec v) { return relu(v); }) : sum;
      });
    case OpKind::ScaleShift: {
      const Vec scale = splat(op.pointer<float>(0)[c]), shift = splat(op.pointer<float>(1)[c]);
      const bool withRelu = op.flag(2);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return C::from(in.at(c, y, x)).map([&](Vec v) { return withRelu ? relu(v * scale + shift) : v * scale + shift; });
      });
    }
    case OpKind::Activation: {
      const int64_t kind = op.integer(0);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return C::from(in.at(c, y, x)).map([&](Vec v) { return activate(v, kind); });
      });
    }
    case OpKind::SubsamplePad: {
      const int64_t stride = op.integer(0), from = c - op.integer(1);
      const bool padded = from < 0 || from >= in.channels;
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return padded ? C::all(0) : C::from(in.at(from, y * stride, x * stride));
      });
    }
    case OpKind::Flatten: {
      const int64_t pixel = c / in.channels;
      return C::from(in.at(c % in.channels, pixel / in.width, pixel % in.width)).put(out.at(c, 0, 0));
    }
    case OpKind::Phases: {
      // Plane (channel, row phase, column phase) holds every strideY-th row and strideX-th column of the padded input.
      const int64_t strideY = op.integer(0), strideX = op.integer(1), top = op.integer(2), left = op.integer(3);
      const int64_t channel = c / (strideY * strideX), dy = c / strideX % strideY, dx = c % strideX;
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        const int64_t row = y * strideY + dy - top, column = x * strideX + dx - left;
        const bool inside = row >= 0 && row < in.height && column >= 0 && column < in.width;
        return inside ? C::from(in.at(channel, row, column)) : C::all(0);
      });
    }
    default:
      return;
  }
}
