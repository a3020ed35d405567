// A compiled network as the interpreter sees it: a row of float64 words,
//   [identity, vectors, arena floats, operations, operation ...]
// An operation is kOpWords words: its kind, three values (input, output, other) and parameters.
// A value is kValueWords words: where it begins in the arena, channels, height, width, and the geometry of its planes:
// rows and pitch (cells of a row) with padding, and where the image begins in them (top, left).
#pragma once
#include <cstdint>

#include "simd.h"

constexpr int kHeaderWords = 4, kValueWords = 8, kOpWords = 40;

enum class OpKind {
  Load,
  Store,
  Entries,
  Blocks,
  MaxPool,
  AvgPool,
  GlobalAverage,
  Add,
  ScaleShift,
  Activation,
  SubsamplePad,
  Flatten,
  Phases,
  Winograd,
  Features,
};

struct Value {
  float* data;
  int64_t channels, height, width, rows, pitch, top, left;
  int64_t cellFloats;

  Value(const double* words, float* arena, int64_t cell)
      : data(arena + static_cast<int64_t>(words[0])),
        channels(static_cast<int64_t>(words[1])),
        height(static_cast<int64_t>(words[2])),
        width(static_cast<int64_t>(words[3])),
        rows(static_cast<int64_t>(words[4])),
        pitch(static_cast<int64_t>(words[5])),
        top(static_cast<int64_t>(words[6])),
        left(static_cast<int64_t>(words[7])),
        cellFloats(cell) {}

  int64_t planeFloats() const { return rows * pitch * cellFloats; }
  // A pixel of the image; rows and columns in the padding may be named too.
  float* at(int64_t channel, int64_t y, int64_t x) const {
    return data + ((channel * rows + y + top) * pitch + x + left) * cellFloats;
  }
};

struct Op {
  const double* words;
  OpKind kind() const { return static_cast<OpKind>(static_cast<int>(words[0])); }
  Value in(float* arena, int64_t cell) const { return Value(words + 1, arena, cell); }
  Value out(float* arena, int64_t cell) const { return Value(words + 1 + kValueWords, arena, cell); }
  Value other(float* arena, int64_t cell) const { return Value(words + 1 + 2 * kValueWords, arena, cell); }
  double number(int i) const { return words[1 + 3 * kValueWords + i]; }
  int64_t integer(int i) const { return static_cast<int64_t>(number(i)); }
  bool flag(int i) const { return number(i) != 0; }
  template <class T>
  const T* pointer(int i) const {
    return reinterpret_cast<const T*>(static_cast<uintptr_t>(number(i)));
  }
};

// Parameters of Entries and Blocks.
struct Product {
  const void* entries;
  const int32_t* starts;  // passes * rows + 1 places in `entries`
  const float* bias;
  int64_t passes;
  bool relu;
  int64_t strideY, strideX, padTop, padLeft;
  int64_t tileRows, tileColumns;
  bool residual;

  explicit Product(const Op& op)
      : entries(op.pointer<void>(0)),
        starts(op.pointer<int32_t>(1)),
        bias(op.pointer<float>(2)),
        passes(op.integer(3)),
        relu(op.flag(4)),
        strideY(op.integer(5)),
        strideX(op.integer(6)),
        padTop(op.integer(7)),
        padLeft(op.integer(8)),
        tileRows(op.integer(9)),
        tileColumns(op.integer(10)),
        residual(op.flag(11)) {}
};

// Parameters of pooling.
struct Window {
  int64_t height, width, strideY, strideX, top, left;
  explicit Window(const Op& op)
      : height(op.integer(0)), width(op.integer(1)), strideY(op.integer(2)), strideX(op.integer(3)), top(op.integer(4)), left(op.integer(5)) {}
};

// 3 x 3 dense convolution of a tile by Winograd's minimal filtering.
template <int NV>
void winogradTile(const Op& op, const Value& in, const Value& out, const Value& other);

// Product of a tile of features with compressed rows.
template <int NV>
void featuresTile(const Op& op, const Value& in, const Value& out, const Value& other);
