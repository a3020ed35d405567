// Lanes that are wanted move together at the front of a vector, in their order.
#pragma once
#include <cstdint>
#include <cstring>

#include "simd/simd.h"

#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
// For each set of wanted lanes, their numbers from the lowest byte on.
struct KeptLanes {
  uint64_t of[256] = {};
  constexpr KeptLanes() {
    for (uint32_t wanted = 0; wanted < 256; ++wanted)
      for (uint64_t lane = 0, kept = 0; lane < 8; ++lane)
        if (wanted >> lane & 1) of[wanted] |= lane << 8 * kept++;
  }
};
inline constexpr KeptLanes kKeptLanes;
#endif

// Writes the wanted lanes (all ones in `wanted`) from `to` on and returns how many there are; up to a whole vector is written.
[[gnu::always_inline]] inline int64_t keepLanes(uint32_t* to, WordVec words, IntVec wanted) {
#if defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
  const __m512i set = reinterpret_cast<__m512i>(wanted);
  const __mmask16 mask = _mm512_test_epi32_mask(set, set);
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(mask, reinterpret_cast<__m512i>(words)));
  return __builtin_popcount(mask);
#elif defined(__AVX2__) && !defined(PRUNEBENCH_LANES)
  const int mask = _mm256_movemask_ps(reinterpret_cast<__m256>(wanted));
  const __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(kKeptLanes.of[mask])));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32(reinterpret_cast<__m256i>(words), order));
  return __builtin_popcount(static_cast<uint32_t>(mask));
#else
  uint32_t lanes[kLanes];
  std::memcpy(lanes, &words, sizeof lanes);
  int64_t kept = 0;
  // No branch on what is wanted: that is unpredictable.
  for (int lane = 0; lane < kLanes; ++lane) {
    to[kept] = lanes[lane];
    kept -= wanted[lane];
  }
  return kept;
#endif
}
