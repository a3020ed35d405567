// Sparse products of features: images of a single pixel, so that a kept weight is one shift of a cell of images. Nothing is left to
// hold the loads down but the layout of the weights, and they are what bounds it (two a cycle, one for each multiply-add):
//   - Weights come in fours, whose offsets and values take one load each.
//   - Rows come in ascending order of length, so that the branches at their ends are predicted, and the next row begins while the
//     sums of this one are still under way.
//   - Each pass over a share of the features takes what stays in a cache; sums come and go between them.
#include <cstring>

#include "simd/simd.h"
#include "sparse-inference/sparse-ops.h"

namespace {

// Four weights of a row; the last four may be fewer, and the rest is not read. Offsets are in units of 8 bytes from where the
// pass begins.
struct Four {
  uint16_t offsets[4];
  float weights[4];
};

// The floats of a Four, and of one unit of its offsets.
SHARED_NUMBER(fourFloats, sizeof(Four) / sizeof(float));
constexpr int64_t kOffsetBytes = 8;
SHARED_NUMBER(featureOffsetFloats, kOffsetBytes / sizeof(float));

struct Row {
  int32_t output, weights;
};

// Sums that take turns, so that multiply-adds do not wait for each other, where registers allow it.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kSets = 2;
#else
constexpr int kSets = 1;
#endif

template <int NV>
using Sums = Vec[kSets][NV];

template <int NV>
[[gnu::always_inline]] inline void addCell(Vec (&sums)[NV], const char* x, uint64_t offset, Vec weight) {
  const float* cell = reinterpret_cast<const float*>(x + kOffsetBytes * offset);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) sums[v] += weight * load(cell + v * kLanes);
}

template <int NV, int COUNT>
[[gnu::always_inline]] inline void addWeights(Sums<NV>& sums, const char* x, const Four& four) {
  uint64_t offsets;
  std::memcpy(&offsets, four.offsets, sizeof offsets);
  const Vec weights = repeatFour(four.weights);
  addCell<NV>(sums[0], x, offsets & 0xffff, fromEachFour<0>(weights));
  if constexpr (COUNT > 1) addCell<NV>(sums[1 % kSets], x, offsets >> 16 & 0xffff, fromEachFour<1>(weights));
  if constexpr (COUNT > 2) addCell<NV>(sums[0], x, offsets >> 32 & 0xffff, fromEachFour<2>(weights));
  if constexpr (COUNT > 3) addCell<NV>(sums[1 % kSets], x, offsets >> 48, fromEachFour<3>(weights));
}

// Adds a row to the sums and gives the place of the next one.
template <int NV>
[[gnu::always_inline]] inline const Four* addRow(Sums<NV>& sums, const char* x, const Four* four, int32_t weights) {
  int32_t fours = weights >> 2;
  for (; fours >= 4; fours -= 4, four += 4) {
    addWeights<NV, 4>(sums, x, four[0]);
    addWeights<NV, 4>(sums, x, four[1]);
    addWeights<NV, 4>(sums, x, four[2]);
    addWeights<NV, 4>(sums, x, four[3]);
  }
  switch (fours) {
    case 3:
      addWeights<NV, 4>(sums, x, *four++);
      [[fallthrough]];
    case 2:
      addWeights<NV, 4>(sums, x, *four++);
      [[fallthrough]];
    case 1:
      addWeights<NV, 4>(sums, x, *four++);
  }
  switch (weights & 3) {
    case 3:
      addWeights<NV, 3>(sums, x, *four++);
      break;
    case 2:
      addWeights<NV, 2>(sums, x, *four++);
      break;
    case 1:
      addWeights<NV, 1>(sums, x, *four++);
  }
  return four;
}

struct Features {
  const Four* fours;
  const Row* rows;  // of each pass, all outputs
  const float* bias;
  int64_t passes, share;  // features of a pass
  bool relu, residual;

  using Is = FeaturesParameter;
  explicit Features(const Op& op)
      : fours(op.pointer<Four>(Is::fours)),
        rows(op.pointer<Row>(Is::rows)),
        bias(op.pointer<float>(Is::bias)),
        passes(op.integer(Is::passes)),
        share(op.integer(Is::share)),
        relu(op.flag(Is::relu)),
        residual(op.flag(Is::residual)) {}
};

template <int NV, bool FIRST, bool LAST>
const Four* pass(const Features& p, const Row* row, const Four* four, const float* in, const Value& out, const Value& other) {
  const char* x = reinterpret_cast<const char*>(in);
  constexpr int64_t kCell = NV * kLanes;
  for (const Row* const end = row + out.channels; row != end; ++row) {
    float* const to = out.data + row->output * kCell;
    Sums<NV> sums;
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      sums[0][v] = FIRST ? splat(p.bias[row->output]) : load(to + v * kLanes);
      if constexpr (kSets == 2) sums[1][v] = Vec{};
    }
    four = addRow<NV>(sums, x, four, row->weights);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      Vec sum = kSets == 2 ? sums[0][v] + sums[kSets - 1][v] : sums[0][v];
      if constexpr (LAST) {
        if (p.residual) sum += load(other.data + row->output * kCell + v * kLanes);
        if (p.relu) sum = relu(sum);
      }
      store(to + v * kLanes, sum);
    }
  }
  return four;
}

}  // namespace

template <int NV>
void featuresTile(const Op& op, const Value& in, const Value& out, const Value& other) {
  const Features p(op);
  const Four* four = p.fours;
  for (int64_t i = 0; i < p.passes; ++i) {
    const bool first = i == 0, last = i + 1 == p.passes;
    const auto kernel = first ? (last ? pass<NV, true, true> : pass<NV, true, false>)
                              : (last ? pass<NV, false, true> : pass<NV, false, false>);
    four = kernel(p, p.rows + i * out.channels, four, in.data + i * p.share * NV * kLanes, out, other);
  }
}

template void featuresTile<1>(const Op&, const Value&, const Value&, const Value&);
template void featuresTile<2>(const Op&, const Value&, const Value&, const Value&);
template void featuresTile<4>(const Op&, const Value&, const Value&, const Value&);
template void featuresTile<8>(const Op&, const Value&, const Value&, const Value&);
