// A compiled network as the interpreter sees it, and those of its operations that take one channel at a time. A network is a row
// of float64 words:
//   [header | operation | operation | ...]
// The header is named by ProgramWord. An operation is kOpWords words: its kind, three values (input, output, other; value.h) and
// its parameters, named by the enumeration that stands with the kind. Unused words are 0.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "addon/shared-names.h"
#include "runtime/fail.h"
#include "simd/math.h"
#include "simd/simd.h"
#include "sparse-inference/sparse-cell.h"
#include "tiles/value.h"

// `vectors`: of a cell, whose lanes are images; 0 for a single image, whose cells are floats.
NAMED_ENUM(ProgramWord, identity, vectors, arenaFloats, operations);
constexpr int kHeaderWords = 4;

NAMED_ENUM(BatchParameter, features);  // of an image
// `starts`: passes * rows + 1 places in `entries`. A rectangle of tileRows x tileColumns cells is computed at once.
NAMED_ENUM(ProductParameter,
           entries, starts, bias, passes, relu, strideY, strideX, padTop, padLeft, tileRows, tileColumns, residual);
NAMED_ENUM(WindowParameter, height, width, strideY, strideX, top, left);
NAMED_ENUM(NoParameter);
NAMED_ENUM(AddParameter, relu);
NAMED_ENUM(ScaleShiftParameter, scale, shift, relu);
NAMED_ENUM(ActivationFunction, relu, tanh, sigmoid);
NAMED_ENUM(ActivationParameter, ONE_OF(function, ActivationFunction));
// `before`: zero channels before the input's.
NAMED_ENUM(SubsamplePadParameter, stride, before);
NAMED_ENUM(PhasesParameter, strideY, strideX, top, left);
// `starts`: per place of a patch and group of outputs.
NAMED_ENUM(WinogradParameter, entries, starts, bias, relu, padTop, padLeft, residual);
// `fours` and `rows`: sparse-features.cc. A pass takes a `share` of the features.
NAMED_ENUM(FeaturesParameter, fours, rows, bias, passes, share, relu, residual);

// A kind of operation and its parameters.
#define TAKES(kind, Parameters) kind, kind##_##Parameters = kind
NAMED_ENUM(OpKind,
           TAKES(load, BatchParameter), TAKES(store, BatchParameter), TAKES(entries, ProductParameter),
           TAKES(blocks, ProductParameter), TAKES(maxPool, WindowParameter), TAKES(avgPool, WindowParameter),
           TAKES(globalAverage, NoParameter), TAKES(add, AddParameter), TAKES(scaleShift, ScaleShiftParameter),
           TAKES(activation, ActivationParameter), TAKES(subsamplePad, SubsamplePadParameter), TAKES(flatten, NoParameter),
           TAKES(phases, PhasesParameter), TAKES(winograd, WinogradParameter), TAKES(features, FeaturesParameter));
constexpr int kOpWords = 40;
SHARED_NUMBER(operationWords, kOpWords);

struct Op {
  const double* words;
  OpKind kind() const { return static_cast<OpKind>(static_cast<int>(words[0])); }
  Value in(float* arena, int64_t cell) const { return Value(words + 1, arena, cell); }
  Value out(float* arena, int64_t cell) const { return Value(words + 1 + kValueWords, arena, cell); }
  Value other(float* arena, int64_t cell) const { return Value(words + 1 + 2 * kValueWords, arena, cell); }
  template <class Parameter> double number(Parameter name) const { return words[1 + 3 * kValueWords + static_cast<int>(name)]; }
  template <class Parameter> int64_t integer(Parameter name) const { return static_cast<int64_t>(number(name)); }
  template <class Parameter> bool flag(Parameter name) const { return number(name) != 0; }
  template <class T, class Parameter>
  const T* pointer(Parameter name) const {
    return reinterpret_cast<const T*>(static_cast<uintptr_t>(number(name)));
  }
};

// Of `entries` and `blocks`.
struct Product {
  const void* entries;
  const int32_t* starts;  // passes * rows + 1 places in `entries`
  const float* bias;
  int64_t passes;
  bool relu;
  int64_t strideY, strideX, padTop, padLeft;
  int64_t tileRows, tileColumns;
  bool residual;

  using Is = ProductParameter;
  explicit Product(const Op& op)
      : entries(op.pointer<void>(Is::entries)),
        starts(op.pointer<int32_t>(Is::starts)),
        bias(op.pointer<float>(Is::bias)),
        passes(op.integer(Is::passes)),
        relu(op.flag(Is::relu)),
        strideY(op.integer(Is::strideY)),
        strideX(op.integer(Is::strideX)),
        padTop(op.integer(Is::padTop)),
        padLeft(op.integer(Is::padLeft)),
        tileRows(op.integer(Is::tileRows)),
        tileColumns(op.integer(Is::tileColumns)),
        residual(op.flag(Is::residual)) {}
};

// Of pooling.
struct Window {
  int64_t height, width, strideY, strideX, top, left;
  using Is = WindowParameter;
  explicit Window(const Op& op)
      : height(op.integer(Is::height)),
        width(op.integer(Is::width)),
        strideY(op.integer(Is::strideY)),
        strideX(op.integer(Is::strideX)),
        top(op.integer(Is::top)),
        left(op.integer(Is::left)) {}
};

// A product of a tile of features with compressed rows (sparse-features.cc).
template <int NV>
void featuresTile(const Op& op, const Value& in, const Value& out, const Value& other);

// A dense 3 x 3 convolution of a tile by Winograd's minimal filtering (sparse-winograd.cc).
template <int NV>
void winogradTile(const Op& op, const Value& in, const Value& out, const Value& other);

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

inline Vec activate(Vec x, ActivationFunction function) {
  switch (function) {
    case ActivationFunction::tanh:
      return eachLane(x, [](float value) { return std::tanh(value); });
    case ActivationFunction::sigmoid:
      return logistic(x);
    case ActivationFunction::relu:
      return relu(x);
  }
  failUnknown("activation function", static_cast<int64_t>(function));
}

// One output channel of an operation whose channels do not mix.
template <int NV>
void cellwise(const Op& op, const Value& in, const Value& out, const Value& other, int64_t c) {
  using C = Cell<NV>;
  switch (op.kind()) {
    case OpKind::maxPool: {
      const Window w(op);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        C best = C::all(-std::numeric_limits<float>::infinity());
        eachTap<NV>(w, in, c, y, x, [&](const C& cell) { best = best.with(cell, maximum); });
        return best;
      });
    }
    case OpKind::avgPool: {
      const Window w(op);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        C sum = C::all(0);
        const int64_t taps = eachTap<NV>(w, in, c, y, x, [&](const C& cell) { sum = sum + cell; });
        const Vec count = splat(static_cast<float>(taps));
        return sum.map([&](Vec v) { return v / count; });
      });
    }
    case OpKind::globalAverage: {
      C sum = C::all(0);
      for (int64_t y = 0; y < in.height; ++y)
        for (int64_t x = 0; x < in.width; ++x) sum = sum + C::from(in.at(c, y, x));
      const Vec count = splat(static_cast<float>(in.height * in.width));
      return sum.map([&](Vec v) { return v / count; }).put(out.at(c, 0, 0));
    }
    case OpKind::add:
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        const C sum = C::from(in.at(c, y, x)) + C::from(other.at(c, y, x));
        return op.flag(AddParameter::relu) ? sum.map([](Vec v) { return relu(v); }) : sum;
      });
    case OpKind::scaleShift: {
      using Is = ScaleShiftParameter;
      const Vec scale = splat(op.pointer<float>(Is::scale)[c]), shift = splat(op.pointer<float>(Is::shift)[c]);
      const bool withRelu = op.flag(Is::relu);
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return C::from(in.at(c, y, x)).map([&](Vec v) { return withRelu ? relu(v * scale + shift) : v * scale + shift; });
      });
    }
    case OpKind::activation: {
      const auto function = static_cast<ActivationFunction>(op.integer(ActivationParameter::function));
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return C::from(in.at(c, y, x)).map([&](Vec v) { return activate(v, function); });
      });
    }
    case OpKind::subsamplePad: {
      const int64_t stride = op.integer(SubsamplePadParameter::stride), from = c - op.integer(SubsamplePadParameter::before);
      const bool padded = from < 0 || from >= in.channels;
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        return padded ? C::all(0) : C::from(in.at(from, y * stride, x * stride));
      });
    }
    case OpKind::flatten: {
      const int64_t pixel = c / in.channels;
      return C::from(in.at(c % in.channels, pixel / in.width, pixel % in.width)).put(out.at(c, 0, 0));
    }
    case OpKind::phases: {
      // Plane (channel, row phase, column phase) holds every strideY-th row and strideX-th column of the padded input.
      using Is = PhasesParameter;
      const int64_t strideY = op.integer(Is::strideY), strideX = op.integer(Is::strideX);
      const int64_t top = op.integer(Is::top), left = op.integer(Is::left);
      const int64_t channel = c / (strideY * strideX), dy = c / strideX % strideY, dx = c % strideX;
      return eachPixel<NV>(out, c, [&](int64_t y, int64_t x) {
        const int64_t row = y * strideY + dy - top, column = x * strideX + dx - left;
        const bool inside = row >= 0 && row < in.height && column >= 0 && column < in.width;
        return inside ? C::from(in.at(channel, row, column)) : C::all(0);
      });
    }
    default:
      failUnknown("operation that takes one channel at a time", static_cast<int64_t>(op.kind()));
  }
}
