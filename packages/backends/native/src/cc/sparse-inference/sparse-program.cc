// Runs a compiled network. A batch is cut into tiles of images; a task takes one tile through all operations, so that
// activations stay in its core's caches and threads meet only at the end. A single image is cut along the output channels
// of each operation instead (sparse-image.cc).
//
// Every value's planes carry the zero padding that its readers need. The arena is cleared once for a program; after that
// only the inside of the planes is written, because a place in the arena only ever holds values of one geometry.
#include <algorithm>
#include <cstdlib>

#include "addon/call.h"
#include "runtime/arithmetic.h"
#include "runtime/fail.h"
#include "runtime/threads.h"
#include "sparse-inference/sparse-cell.h"
#include "sparse-inference/sparse-image.h"
#include "sparse-inference/sparse-ops.h"
#include "sparse/rectangles.h"
#include "sparse/sparse-tile.h"
#include "tiles/tile-images.h"

namespace {

// Memory of the calling thread for the values of a program; zeros where nothing was written since another program had it.
float* programArena(double identity, int64_t floats) {
  struct Arena {
    float* data = nullptr;
    int64_t capacity = 0;
    double owner = 0;
    ~Arena() { std::free(data); }
  };
  thread_local Arena arena;
  if (floats > arena.capacity) {
    std::free(arena.data);
    arena.capacity = (floats + 1023) / 1024 * 1024;
    arena.data = static_cast<float*>(std::aligned_alloc(4096, static_cast<size_t>(arena.capacity) * 4));
    if (!arena.data) std::abort();
    arena.owner = 0;
  }
  if (arena.owner != identity) {
    std::fill_n(arena.data, floats, 0.0f);
    arena.owner = identity;
  }
  return arena.data;
}

// The largest rectangle that `shapeOf` gives within the wanted one.
template <class ShapeOf>
auto within(const Product& p, ShapeOf&& shapeOf) {
  return [&p, shapeOf](int64_t rows, int64_t columns) {
    return shapeOf(std::min(p.tileRows, rows), std::min(p.tileColumns, columns));
  };
}

Rectangle rectangleAt(const Product& p, const Value& in, const Value& out, const Value& other, int64_t vectors, int64_t y, int64_t x) {
  Rectangle to;
  to.inRow = p.strideY * in.pitch * in.cellFloats;
  // With several vectors in a cell the next vector is the next column, which stride 1 makes true from cell to cell too.
  to.inColumn = vectors == 1 ? p.strideX * kLanes : kLanes;
  to.corner = in.at(0, -p.padTop, -p.padLeft) + y * to.inRow + x * to.inColumn;
  to.out = out.at(0, y, 0) + x * kLanes;
  to.outRow = out.pitch * out.cellFloats;
  to.residual = p.residual ? other.at(0, y, 0) + x * kLanes : nullptr;
  to.residualRow = p.residual ? other.pitch * other.cellFloats : 0;
  to.relu = p.relu;
  to.lastLanes = kLanes;
  return to;
}

void entriesProduct(const Op& op, const Value& in, const Value& out, const Value& other, int64_t vectors) {
  const Product p(op);
  const Entry* entries = static_cast<const Entry*>(p.entries);
  const int64_t outPlane = out.planeFloats(), otherPlane = p.residual ? other.planeFloats() : 0;
  eachRectangle(out.height, out.width * vectors, within(p, entriesShape), [&](int64_t y, int64_t rows, int64_t x, int64_t columns) {
    Rectangle to = rectangleAt(p, in, out, other, vectors, y, x);
    const EntriesFunction kernel = entriesKernel({static_cast<int>(rows), static_cast<int>(columns)}, to.inColumn);
    float* const firstOut = to.out;
    const float* const firstResidual = to.residual;
    for (int64_t pass = 0; pass < p.passes; ++pass) {
      const int32_t* starts = p.starts + pass * out.channels;
      to.first = pass == 0, to.last = pass + 1 == p.passes;
      for (int64_t o = 0; o < out.channels; ++o) {
        to.out = firstOut + o * outPlane;
        if (firstResidual) to.residual = firstResidual + o * otherPlane;
        kernel(to, entries + starts[o], entries + starts[o + 1], p.bias[o]);
      }
    }
  });
}

void blocksProduct(const Op& op, const Value& in, const Value& out, const Value& other, int64_t vectors) {
  const Product p(op);
  const BlockEntry* entries = static_cast<const BlockEntry*>(p.entries);
  const int64_t outPlane = out.planeFloats(), otherPlane = p.residual ? other.planeFloats() : 0;
  const int64_t groups = ceilDivide(out.channels, kBlock);
  eachRectangle(out.height, out.width * vectors, within(p, blocksShape), [&](int64_t y, int64_t rows, int64_t x, int64_t columns) {
    Rectangle to = rectangleAt(p, in, out, other, vectors, y, x);
    const BlocksFunction kernel = blocksKernel({static_cast<int>(rows), static_cast<int>(columns)}, to.inColumn);
    float* const firstOut = to.out;
    const float* const firstResidual = to.residual;
    for (int64_t pass = 0; pass < p.passes; ++pass) {
      const int32_t* starts = p.starts + pass * groups;
      to.first = pass == 0, to.last = pass + 1 == p.passes;
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t o = g * kBlock;
        to.out = firstOut + o * outPlane;
        if (firstResidual) to.residual = firstResidual + o * otherPlane;
        kernel(to, entries + starts[g], entries + starts[g + 1], p.bias + o, out.channels - o, outPlane, otherPlane);
      }
    }
  });
}

template <int NV>
void runTile(const Op& op, float* arena, const float* batch, float* result, int64_t first, int64_t count) {
  constexpr int64_t kCell = Cell<NV>::kFloats;
  const Value in = op.in(arena, kCell), out = op.out(arena, kCell), other = op.other(arena, kCell);
  switch (op.kind()) {
    case OpKind::load:
      return loadTile(batch, op.integer(BatchParameter::features), first, count, out, NV);
    case OpKind::store:
      return storeTile(in, result, op.integer(BatchParameter::features), first, count, NV);
    case OpKind::entries:
      return entriesProduct(op, in, out, other, NV);
    case OpKind::blocks:
      return blocksProduct(op, in, out, other, NV);
    case OpKind::winograd:
      return winogradTile<NV>(op, in, out, other);
    case OpKind::features:
      return featuresTile<NV>(op, in, out, other);
    default:
      for (int64_t c = 0; c < out.channels; ++c) cellwise<NV>(op, in, out, other, c);
  }
}

int64_t word(const double* program, ProgramWord name) { return static_cast<int64_t>(program[static_cast<int>(name)]); }

template <int NV>
void runTiles(const double* program, const float* batch, float* result, int64_t images) {
  const int64_t ops = word(program, ProgramWord::operations), size = Cell<NV>::kFloats;
  parallel(ceilDivide(images, size), [&](int64_t tile) {
    float* arena = programArena(program[static_cast<int>(ProgramWord::identity)], word(program, ProgramWord::arenaFloats));
    const int64_t first = tile * size, count = std::min(size, images - first);
    for (int64_t i = 0; i < ops; ++i) runTile<NV>(Op{program + kHeaderWords + i * kOpWords}, arena, batch, result, first, count);
  });
}

}  // namespace

// batch [images][features], result [images][features]; `arena`: of a single image.
KERNEL(SparseProgram, (program, batch, OUT(result), OPTIONAL(arena)), (images)) {
  const double* program = call.in<double>(Operand::program);
  const float* batch = call.in<float>(Operand::batch);
  float* result = call.out<float>(Operand::result);
  const int64_t images = call.integer(Number::images);
  const int64_t vectors = word(program, ProgramWord::vectors);
  switch (vectors) {
    case 0:
      return runImages(program, batch, result, images, call.out<float>(Operand::arena));
    case 1:
      return runTiles<1>(program, batch, result, images);
    case 2:
      return runTiles<2>(program, batch, result, images);
    case 4:
      return runTiles<4>(program, batch, result, images);
    case 8:
      return runTiles<8>(program, batch, result, images);
    default:
      failUnknown("cell, of so many vectors,", vectors);
  }
}
