// Dense 3 x 3 convolutions of stride 1 on tiles of images by Winograd's minimal filtering F(2x2, 3x3); the transforms are
// those of conv/winograd.cc, here with images as lanes, so that nothing has to be shuffled. The sums over channels are the
// products of sparse-tile.h over full rows of blocks: one list of entries for each of the 16 places of a patch.
#include <algorithm>
#include <vector>

#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "sparse-inference/sparse-cell.h"
#include "sparse-inference/sparse-ops.h"
#include "sparse/sparse-tile.h"

namespace {

constexpr int kPlaces = 16;
constexpr int64_t kGroupVectors = 4;  // of patches times vectors of a cell
SHARED_NUMBER(winogradVectors, kGroupVectors);

template <class T>
inline void inputRow(T d0, T d1, T d2, T d3, T* to) {
  to[0] = d0 - d2, to[1] = d1 + d2, to[2] = d2 - d1, to[3] = d1 - d3;
}

template <class T>
inline void outputRow(const T* m, T& first, T& second) {
  first = m[0] + m[1] + m[2];
  second = m[1] - m[2] - m[3];
}

}  // namespace

template <int NV>
void winogradTile(const Op& op, const Value& in, const Value& out, const Value& other) {
  using C = Cell<NV>;
  constexpr int64_t kPatches = NV >= kGroupVectors ? 1 : kGroupVectors / NV, kColumns = kPatches * NV, kFloats = kColumns * kLanes;
  using Is = WinogradParameter;
  const BlockEntry* entries = op.pointer<BlockEntry>(Is::entries);
  const int32_t* starts = op.pointer<int32_t>(Is::starts);
  const float* bias = op.pointer<float>(Is::bias);
  const bool withRelu = op.flag(Is::relu), residual = op.flag(Is::residual);
  const int64_t padTop = op.integer(Is::padTop), padLeft = op.integer(Is::padLeft);
  const int64_t groups = ceilDivide(out.channels, kBlock);
  const int64_t across = (out.width + 1) / 2, patches = across * ((out.height + 1) / 2);
  float* transformed = scratch(Scratch::PackedA, kPlaces * in.channels * kFloats);
  float* sums = scratch(Scratch::PackedB, kPlaces * out.channels * kFloats);
  static const float zeros[kBlock] = {};

  for (int64_t first = 0; first < patches; first += kPatches) {
    const int64_t count = std::min(kPatches, patches - first);
    for (int64_t c = 0; c < in.channels; ++c)
      for (int64_t p = 0; p < count; ++p) {
        const int64_t y = (first + p) / across * 2 - padTop, x = (first + p) % across * 2 - padLeft;
        C rows[4][4], places[4][4];
        for (int r = 0; r < 4; ++r) {
          const float* from = in.at(c, y + r, x);
          inputRow(C::from(from), C::from(from + C::kFloats), C::from(from + 2 * C::kFloats), C::from(from + 3 * C::kFloats), rows[r]);
        }
        for (int k = 0; k < 4; ++k) {
          C column[4];
          inputRow(rows[0][k], rows[1][k], rows[2][k], rows[3][k], column);
          for (int r = 0; r < 4; ++r) places[r][k] = column[r];
        }
        for (int i = 0; i < kPlaces; ++i)
          places[i / 4][i % 4].put(transformed + (i * in.channels + c) * kFloats + p * C::kFloats);
      }
    for (int64_t place = 0; place < kPlaces; ++place)
      for (int64_t column = 0; column < count * NV;) {
        const TileShape shape = blocksShape(1, count * NV - column);
        const BlocksFunction kernel = blocksKernel(shape, kLanes);
        for (int64_t g = 0; g < groups; ++g) {
          const int32_t* at = starts + place * groups + g;
          const Rectangle to{transformed + place * in.channels * kFloats + column * kLanes, 0, kLanes,
                             sums + (place * out.channels + g * kBlock) * kFloats + column * kLanes, 0, nullptr, 0, true, true,
                             false, kLanes};
          kernel(to, entries + at[0], entries + at[1], zeros, out.channels - g * kBlock, kFloats, 0);
        }
        column += shape.columns;
      }
    for (int64_t o = 0; o < out.channels; ++o)
      for (int64_t p = 0; p < count; ++p) {
        const int64_t y = (first + p) / across * 2, x = (first + p) % across * 2;
        C halves[2][4], results[2][2];
        for (int k = 0; k < 4; ++k) {
          C column[4];
          for (int r = 0; r < 4; ++r)
            column[r] = C::from(sums + ((r * 4 + k) * out.channels + o) * kFloats + p * C::kFloats);
          outputRow(column, halves[0][k], halves[1][k]);
        }
        for (int r = 0; r < 2; ++r) outputRow(halves[r], results[r][0], results[r][1]);
        for (int64_t r = 0; r < 2 && y + r < out.height; ++r)
          for (int64_t k = 0; k < 2 && x + k < out.width; ++k) {
            C value = results[r][k] + C::all(bias[o]);
            if (residual) value = value + C::from(other.at(o, y + r, x + k));
            if (withRelu) value = value.map([](Vec v) { return relu(v); });
            value.put(out.at(o, y + r, x + k));
          }
      }
  }
}

template void winogradTile<1>(const Op&, const Value&, const Value&, const Value&);
template void winogradTile<2>(const Op&, const Value&, const Value&, const Value&);
template void winogradTile<4>(const Op&, const Value&, const Value&, const Value&);
template void winogradTile<8>(const Op&, const Value&, const Value&, const Value&);
