// A tensor as planes of cells, one per channel, with padding around the image; a cell holds one pixel of as many images as it has
// lanes, or is a single float.
#pragma once
#include <cstdint>

#include "addon/shared-names.h"

// The words that describe one: where it begins in an arena, its size, and the geometry of its planes: rows and pitch (cells of a
// row) with padding, and where the image begins in them.
NAMED_ENUM(ValueWord, offset, channels, height, width, rows, pitch, top, left);
constexpr int kValueWords = 8;

struct Value {
  float* data;
  int64_t channels, height, width, rows, pitch, top, left;
  int64_t cellFloats;

  using Is = ValueWord;
  Value(const double* words, float* arena, int64_t cell)
      : data(arena + word(words, Is::offset)),
        channels(word(words, Is::channels)),
        height(word(words, Is::height)),
        width(word(words, Is::width)),
        rows(word(words, Is::rows)),
        pitch(word(words, Is::pitch)),
        top(word(words, Is::top)),
        left(word(words, Is::left)),
        cellFloats(cell) {}

  int64_t planeFloats() const { return rows * pitch * cellFloats; }
  // A pixel of the image; rows and columns in the padding may be named too.
  float* at(int64_t channel, int64_t y, int64_t x) const {
    return data + ((channel * rows + y + top) * pitch + x + left) * cellFloats;
  }

 private:
  static int64_t word(const double* words, ValueWord name) { return static_cast<int64_t>(words[static_cast<int>(name)]); }
};
