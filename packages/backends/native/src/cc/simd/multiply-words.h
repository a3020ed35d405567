// Products of 32-bit lanes in 64 bits. The processors multiply every other lane so; vector extensions have no name for it, and
// the compiler makes three multiplications of the plain expression, hence the intrinsics.
#pragma once
#include "simd/simd.h"
#include "simd/transpose.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

typedef uint64_t WideVec __attribute__((vector_size(kLanes * 4)));

// The even lanes' products with the even lanes of m; the odd lanes of m are 0.
[[gnu::always_inline]] inline WideVec multiplyEven(WideVec a, WideVec m) {
#if defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
  // Not _mm512_mul_epu32, which GCC 12 warns of: it begins with an undefined vector.
  return reinterpret_cast<WideVec>(_mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(m)));
#elif defined(__AVX2__) && !defined(PRUNEBENCH_LANES)
  return reinterpret_cast<WideVec>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(m)));
#elif defined(__SSE2__) && !defined(__AVX__) && !defined(PRUNEBENCH_LANES)
  return reinterpret_cast<WideVec>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(m)));
#else
  return (a & 0xffffffff) * m;
#endif
}

struct WordProducts {
  WordVec low, high;
};

// Both halves of all lanes' products with m.
[[gnu::always_inline]] inline WordProducts multiplyWords(WordVec a, uint32_t m) {
  const WideVec lanes = reinterpret_cast<WideVec>(a), factor = m - WideVec{};
  Vec even = reinterpret_cast<Vec>(multiplyEven(lanes, factor)), odd = reinterpret_cast<Vec>(multiplyEven(lanes >> 32, factor));
  exchange<1>(even, odd, std::make_index_sequence<kLanes>{});
  return {reinterpret_cast<WordVec>(even), reinterpret_cast<WordVec>(odd)};
}
