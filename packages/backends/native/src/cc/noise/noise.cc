// Random numbers of Philox4x32-10 as elementwise kernels. Element i takes word i & 3 of the block whose counter is
// (i >> 2, 0, update, batch), so it depends on the key, the counter and i alone: not on threads, widths or what was drawn before.
// `counter` is int32 [update, batch]; the key's two words are numbers.
#include <cstdint>

#include "addon/call.h"
#include "noise/philox.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "simd/math.h"
#include "simd/transpose.h"

namespace {

constexpr int64_t kGrain = 8192;
constexpr int64_t kGroup = 4 * kLanes;  // the numbers of one block in each lane
static_assert(kGrain % kGroup == 0, "tasks begin with a whole block");

// The middles of 2^23 equal parts of (0, 1): exact in float32.
Vec uniform(WordVec words) {
  return (__builtin_convertvector(reinterpret_cast<IntVec>(words >> 9), Vec) + splat(0.5f)) * splat(0x1p-23f);
}

// Box and Muller, "A note on the generation of random normal deviates" (1958): both of a pair, in place of two words.
void normalPair(WordVec first, WordVec second, Vec& even, Vec& odd) {
  const Vec radius = squareRoot(splat(-2.0f) * logarithm(uniform(first)));
  const SineCosine direction = sineCosineOfTurns(uniform(second));
  even = radius * direction.cosine;
  odd = radius * direction.sine;
}

// Which block of a group lies in a lane, so that `inOrder` need not move numbers between the quarters of a vector.
WordVec blocksOfGroup() {
  WordVec block{};
  for (uint32_t lane = 0; lane < kLanes; ++lane) block[lane] = (lane & 3) * (kLanes / 4) + (lane >> 2);
  return block;
}

// Each block's numbers, number j of all blocks in x[j], become the group's elements in their order.
void inOrder(Vec (&x)[4]) {
  constexpr auto kEach = std::make_index_sequence<kLanes>{};
  exchange<1>(x[0], x[1], kEach);
  exchange<1>(x[2], x[3], kEach);
  exchange<2>(x[0], x[2], kEach);
  exchange<2>(x[1], x[3], kEach);
}

// The numbers of a block's words, and what is written at elements i ... for the numbers there.
// Self: the kernel whose call this is. Whole and partial groups are computed by the same instructions.
template <class Self, class Numbers, class Written>
void eachGroup(const Call& call, Numbers&& numbers, Written&& written) {
  const uint32_t* counter = call.in<uint32_t>(Self::Operand::counter);
  const PhiloxKey key{static_cast<uint32_t>(call.integer(Self::Number::keyLow)),
                      static_cast<uint32_t>(call.integer(Self::Number::keyHigh))};
  float* out = call.out<float>(Self::Operand::out);
  const WordVec update = counter[0] - WordVec{}, batch = counter[1] - WordVec{}, blocks = blocksOfGroup();
  parallelRange(call.integer(Self::Number::size), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; group += kGroup) {
      Vec x[4];
      numbers(philox({{blocks + static_cast<uint32_t>(group / 4), WordVec{}, update, batch}}, key), x);
      inOrder(x);
      if (group + kGroup <= end) {
        for (int v = 0; v < 4; ++v) store(out + group + v * kLanes, written(group + v * kLanes, x[v], Whole{}));
        continue;
      }
      for (int v = 0; group + v * kLanes < end; ++v) {
        const int64_t at = group + v * kLanes;
        const Part lanes{end - at < kLanes ? end - at : kLanes};
        lanes.put(out + at, written(at, x[v], lanes));
      }
    }
  });
}

void uniforms(const Blocks& blocks, Vec (&x)[4]) {
  for (int j = 0; j < 4; ++j) x[j] = uniform(blocks.word[j]);
}

void normals(const Blocks& blocks, Vec (&x)[4]) {
  normalPair(blocks.word[0], blocks.word[1], x[0], x[1]);
  normalPair(blocks.word[2], blocks.word[3], x[2], x[3]);
}

}  // namespace

KERNEL(UniformNoise, (counter, OUT(out)), (size, keyLow, keyHigh)) {
  eachGroup<Self>(call, uniforms, [](int64_t, Vec x, auto) { return x; });
}

// Standard normal.
KERNEL(NormalNoise, (counter, OUT(out)), (size, keyLow, keyHigh)) {
  eachGroup<Self>(call, normals, [](int64_t, Vec x, auto) { return x; });
}

// 1 where the uniform number is below the probability, else 0, also where that is NaN; and a weight times that, if there is one.
// logistic: the probability is given as its logit.
KERNEL(BernoulliNoise, (probability, counter, OPTIONAL(weight), OUT(out), OPTIONAL_OUT(masked)), (size, keyLow, keyHigh, logistic)) {
  const float *probability = call.in<float>(Operand::probability), *weight = call.in<float>(Operand::weight);
  float* masked = call.out<float>(Operand::masked);
  const auto draw = [&](auto probabilityOf) {
    eachGroup<Self>(call, uniforms, [=](int64_t i, Vec x, auto lanes) {
      const Vec mask = x < probabilityOf(lanes(probability + i)) ? splat(1.0f) : Vec{};
      if (weight) lanes.put(masked + i, lanes(weight + i) * mask);
      return mask;
    });
  };
  if (call.flag(Number::logistic)) return draw([](Vec logit) { return logistic(logit); });
  draw([](Vec given) { return given; });
}
