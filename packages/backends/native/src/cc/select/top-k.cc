// The k largest of many numbers as a 0/1 mask, exactly k of them.
#include <algorithm>
#include <cstring>

#include "addon/call.h"
#include "runtime/threads.h"

namespace {

// Unsigned integers in the order of the floats they stand for: NaN below all, -0 equal to 0.
uint32_t orderedBits(float x) {
  if (x != x) return 0;
  uint32_t bits;
  const float positive = x + 0.0f;  // of -0 too
  std::memcpy(&bits, &positive, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

struct Digit {
  int shift, width;
};
// From the most significant on; their widths are 32 in all.
constexpr Digit kDigits[] = {{21, 11}, {10, 11}, {0, 10}};

}  // namespace

// Among equal scores the last ones stay, as `select` of core has it. k is int32 and cut to [0, size].
KERNEL(TopKMask, (scores, k, OUT(out)), (size)) {
  const int64_t size = call.integer(Number::size);
  const float* scores = call.in<float>(Operand::scores);
  float* out = call.out<float>(Operand::out);
  int64_t wanted = std::clamp<int64_t>(*call.in<int32_t>(Operand::k), 0, size);
  if (wanted == 0) {
    std::fill(out, out + size, 0.0f);
    return;
  }
  auto* keys = reinterpret_cast<uint32_t*>(scratch(Scratch::Local, size));
  for (int64_t i = 0; i < size; ++i) keys[i] = orderedBits(scores[i]);
  // The key of the k-th largest, digit by digit; `wanted` becomes its rank among those that are equal so far.
  uint32_t prefix = 0, known = 0;
  int64_t counts[1 << 11];
  for (const Digit& digit : kDigits) {
    const uint32_t mask = (1u << digit.width) - 1;
    std::fill(counts, counts + mask + 1, 0);
    for (int64_t i = 0; i < size; ++i)
      if ((keys[i] & known) == prefix) ++counts[(keys[i] >> digit.shift) & mask];
    uint32_t value = mask;
    while (counts[value] < wanted) wanted -= counts[value--];
    prefix |= value << digit.shift;
    known |= mask << digit.shift;
  }
  for (int64_t i = size - 1; i >= 0; --i) {
    const bool equal = keys[i] == prefix && wanted > 0;
    out[i] = keys[i] > prefix || equal ? 1.0f : 0.0f;
    wanted -= equal;
  }
}
