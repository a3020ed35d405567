// The innermost loops of sparse products. Activations lie in planes of cells; a cell is a whole number of vectors, its
// lanes are images (or, for a single image, neighbouring pixels). One stored weight then meets a rectangle of cells:
//   acc[r][x] += weight * cell(r, x)   shifted by the weight's offset,
// so the weight and its offset are read once for the whole rectangle, which stays in registers.
#pragma once
#include <cstdint>

#include "addon/shared-names.h"
#include "simd/simd.h"

// One kept weight: how far its input lies from the window's corner, in floats.
struct Entry {
  int32_t offset;
  float weight;
};
SHARED_NUMBER(entryFloats, sizeof(Entry) / sizeof(float));

// kBlock outputs that share their inputs: the weights of one input position.
constexpr int kBlock = 4;
struct BlockEntry {
  int32_t offset;
  float weights[kBlock];
};
SHARED_NUMBER(blockRows, kBlock);
SHARED_NUMBER(blockFloats, sizeof(BlockEntry) / sizeof(float));

// A rectangle of cells: where it reads and writes, and what is done before and after the sum.
struct Rectangle {
  const float* corner;           // of the window of the first cell
  int64_t inRow, inColumn;       // floats between the windows of neighbouring cells
  float* out;
  int64_t outRow;
  const float* residual;         // added at the end, or null
  int64_t residualRow;
  bool first, last;              // pass over the inputs: the first starts from the bias, the others from `out`
  bool relu;
  int64_t lastLanes;             // lanes of the last vector of each row that may be written
};

using EntriesFunction = void (*)(const Rectangle&, const Entry* begin, const Entry* end, float bias);
// `count` of the kBlock outputs exist; output b lies outPlane * b floats behind the first, its residual residualPlane * b.
using BlocksFunction = void (*)(const Rectangle&, const BlockEntry* begin, const BlockEntry* end, const float* bias,
                                int64_t count, int64_t outPlane, int64_t residualPlane);

struct TileShape {
  int rows, columns;
};

// The largest kernel that is not larger than the wanted one in either direction.
TileShape entriesShape(int64_t rows, int64_t columns);
TileShape blocksShape(int64_t rows, int64_t columns);
EntriesFunction entriesKernel(TileShape shape, int64_t inColumn);
BlocksFunction blocksKernel(TileShape shape, int64_t inColumn);
