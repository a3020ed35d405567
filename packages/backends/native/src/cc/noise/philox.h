// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (SC 2011): a block of four random words is a function of its counter and a key, so no number waits for another one.
// Here one block lies in each lane.
#pragma once
#include <cstdint>

#include "simd/multiply-words.h"
#include "simd/simd.h"

struct Blocks {
  WordVec word[4];  // word j of the block in each lane
};

struct PhiloxKey {
  uint32_t low, high;
};

// The blocks of these counters.
[[gnu::always_inline]] inline Blocks philox(Blocks counter, PhiloxKey key) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;  // the golden ratio; the square root of 3, less 1
  WordVec(&word)[4] = counter.word;
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const WordProducts first = multiplyWords(word[0], kMultiplier0), second = multiplyWords(word[2], kMultiplier1);
    word[0] = second.high ^ word[1] ^ key.low;
    word[1] = second.low;
    word[2] = first.high ^ word[3] ^ key.high;
    word[3] = first.low;
    key.low += kWeyl0;
    key.high += kWeyl1;
  }
  return counter;
}
