// Unsigned integers in the lanes of a vector, and the whole 64 bits of their products.
#pragma once
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "simd/simd.h"

typedef uint32_t UintVec __attribute__((vector_size(kLanes * 4)));
// Half as many lanes, twice as wide.
typedef uint64_t WideVec __attribute__((vector_size(kLanes * 4)));

// Products of the lanes 0, 2, 4 ...; the compiler does not see by itself that the factors have 32 bits.
inline WideVec multiplyEven(WideVec a, WideVec b) {
#if defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
  return reinterpret_cast<WideVec>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__) && !defined(PRUNEBENCH_LANES)
  return reinterpret_cast<WideVec>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

struct Product {
  UintVec high, low;
};

// a * factor, lane by lane.
inline Product multiplyWide(UintVec a, uint32_t factor) {
  const WideVec lowHalf = WideVec{} + 0xffffffffu, factors = WideVec{} + factor;
  const WideVec wide = reinterpret_cast<WideVec>(a);
  const WideVec even = multiplyEven(wide, factors), odd = multiplyEven(wide >> 32, factors);
  return {reinterpret_cast<UintVec>((even >> 32) | (odd & ~lowHalf)),
          reinterpret_cast<UintVec>((even & lowHalf) | (odd << 32))};
}
