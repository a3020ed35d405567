// Random numbers by counting: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Element i
// takes word i % 4 of block i / 4, whose counter is (i / 4, 0, update, batch): nothing else decides it.
#include <algorithm>
#include <cstring>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/math.h"
#include "simd/wide.h"

namespace {

NAMED_ENUM(Distribution, Uniform, Normal, Bernoulli);

// Blocks side by side, one in each lane.
struct Words {
  UintVec w[4];
};

Words philox(Words counter, uint32_t low, uint32_t high) {
  for (int round = 0; round < 10; ++round) {
    const Product first = multiplyWide(counter.w[0], 0xD2511F53u), second = multiplyWide(counter.w[2], 0xCD9E8D57u);
    counter = {{second.high ^ counter.w[1] ^ low, second.low, first.high ^ counter.w[3] ^ high, first.low}};
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }
  return counter;
}

// (word >> 9 + 1/2) / 2^23, in (0, 1): exact in float32.
Vec uniform(UintVec word) {
  const IntVec whole = reinterpret_cast<IntVec>(word >> 9);
  return (__builtin_convertvector(whole, Vec) + splat(0.5f)) * splat(1.0f / 8388608.0f);
}

struct Pair {
  Vec first, second;
};

// cos and sin of 2 pi u for u in (0, 1): polynomials after Cephes' sinf and cosf on [-pi / 4, pi / 4].
Pair circle(Vec u) {
  const Vec quarter = roundToEven(u * splat(4.0f));
  const Vec x = (u - quarter * splat(0.25f)) * splat(6.28318530717958648f), square = x * x;
  const Vec sine =
      x + x * square * ((splat(-1.9515295891e-4f) * square + splat(8.3321608736e-3f)) * square - splat(1.6666654611e-1f));
  const Vec cosine = splat(1.0f) - splat(0.5f) * square +
                     square * square * ((splat(2.443315711809948e-5f) * square - splat(1.388731625493765e-3f)) * square +
                                        splat(4.166664568298827e-2f));
  const IntVec turn = __builtin_convertvector(quarter, IntVec) & 3;
  const Vec a = (turn & 1) == 1 ? sine : cosine, b = (turn & 1) == 1 ? cosine : sine;
  return {(turn == 1 | turn == 2) ? -a : a, turn >= 2 ? -b : b};
}

// Box and Muller 1958
Pair normals(UintVec length, UintVec angle) {
  const Vec radius = squareRoot(splat(-2.0f) * logarithm(uniform(length)));
  const Pair at = circle(uniform(angle));
  return {radius * at.first, radius * at.second};
}

constexpr int64_t kWords = 4 * kLanes;
constexpr int64_t kGrain = 16384;
static_assert(kGrain % kWords == 0);

// The kWords numbers from element `begin` on, which is a multiple of 4.
void numbers(const Words& counter, uint32_t low, uint32_t high, Distribution distribution, float* out) {
  const Words random = philox(counter, low, high);
  Vec values[4];
  if (distribution == Distribution::Normal) {
    for (int p = 0; p < 4; p += 2) {
      const Pair pair = normals(random.w[p], random.w[p + 1]);
      values[p] = pair.first;
      values[p + 1] = pair.second;
    }
  } else {
    for (int p = 0; p < 4; ++p) values[p] = uniform(random.w[p]);
  }
  for (int lane = 0; lane < kLanes; ++lane)
    for (int p = 0; p < 4; ++p) out[lane * 4 + p] = values[p][lane];
}

Words counterFrom(int64_t block, const int32_t* counter) {
  Words words;
  for (int lane = 0; lane < kLanes; ++lane) {
    words.w[0][lane] = static_cast<uint32_t>(block + lane);
    words.w[1][lane] = 0;
    words.w[2][lane] = static_cast<uint32_t>(counter[0]);
    words.w[3][lane] = static_cast<uint32_t>(counter[1]);
  }
  return words;
}

}  // namespace

// counter: int32 [2], the update and the batch. Bernoulli: 1 where the uniform number lies below the probability.
KERNEL(Noise, (counter, OPTIONAL(probability), OUT(out)), (size, low, high, ONE_OF(distribution, Distribution))) {
  const int64_t size = call.integer(Number::size);
  const int32_t* counter = call.in<int32_t>(Operand::counter);
  const float* probability = call.in<float>(Operand::probability);
  float* out = call.out<float>(Operand::out);
  const uint32_t low = static_cast<uint32_t>(call.integer(Number::low)), high = static_cast<uint32_t>(call.integer(Number::high));
  const auto distribution = call.oneOf<Distribution>(Number::distribution);
  parallelRange(size, kGrain, [&](int64_t begin, int64_t end) {
    alignas(64) float some[kWords];
    for (int64_t i = begin; i < end; i += kWords) {
      const int64_t count = std::min(kWords, end - i);
      float* to = count == kWords ? out + i : some;
      numbers(counterFrom(i / 4, counter), low, high, distribution, to);
      if (to == some) std::memcpy(out + i, some, static_cast<size_t>(count) * sizeof(float));
      if (probability)
        for (int64_t j = i; j < i + count; ++j) out[j] = out[j] < probability[j] ? 1.0f : 0.0f;
    }
  });
}
