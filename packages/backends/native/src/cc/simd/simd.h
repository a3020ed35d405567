// Vector types over the compiler's vector extensions: one source for AVX-512, AVX2, NEON and SSE2.
// The width follows the flags the file is compiled with. AVX-512 and AVX have partial loads and stores of their own (masks).
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#if defined(PRUNEBENCH_LANES)
constexpr int kLanes = PRUNEBENCH_LANES;
#elif defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef float VecUnaligned __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef int32_t IntVec __attribute__((vector_size(kLanes * 4)));
typedef uint32_t WordVec __attribute__((vector_size(kLanes * 4)));

inline Vec load(const float* p) { return *reinterpret_cast<const VecUnaligned*>(p); }
inline void store(float* p, Vec v) { *reinterpret_cast<VecUnaligned*>(p) = v; }
// x - 0 is x for every x (NaN and -0 included), so this folds to a plain broadcast.
inline Vec splat(float x) { return x - Vec{}; }
inline IntVec bits(Vec v) { return reinterpret_cast<IntVec>(v); }
inline Vec fromBits(IntVec v) { return reinterpret_cast<Vec>(v); }
// v, of which the compiler must not know how it was computed: a product and the sum it goes into stay two instructions, as they are where
// they are two kernels.
inline Vec rounded(Vec v) {
#if defined(__x86_64__) && !defined(PRUNEBENCH_LANES)
  asm("" : "+x"(v));
#elif defined(__aarch64__) && !defined(PRUNEBENCH_LANES)
  asm("" : "+w"(v));
#else
  asm("" : "+m"(v));
#endif
  return v;
}
// The first n lanes from memory, zeros behind them; nothing beyond them is touched.
#if defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
inline Vec loadPartial(const float* p, int64_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
inline void storePartial(float* p, Vec v, int64_t n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
}
#elif defined(__AVX__) && !defined(PRUNEBENCH_LANES)
inline __m256i firstLanes(int64_t n) {
  alignas(64) static constexpr int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks + 8 - n));
}
inline Vec loadPartial(const float* p, int64_t n) { return _mm256_maskload_ps(p, firstLanes(n)); }
// In halves: some processors take dozens of steps for a masked store.
inline void storePartial(float* p, Vec v, int64_t n) {
  __m128 rest = _mm256_castps256_ps128(v);
  if (n & 8) return store(p, v);
  if (n & 4) {
    _mm_storeu_ps(p, rest);
    rest = _mm256_extractf128_ps(v, 1);
    p += 4;
  }
  if (n & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
    rest = _mm_movehl_ps(rest, rest);
    p += 2;
  }
  if (n & 1) _mm_store_ss(p, rest);
}
#else
inline Vec loadPartial(const float* p, int64_t n) {
  Vec v{};
  for (int64_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void storePartial(float* p, Vec v, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i] = v[i];
}
#endif
// Four floats from memory, again and again in all lanes; and in each four of lanes the I-th of them.
typedef float FourUnaligned __attribute__((vector_size(16), aligned(4), may_alias));
template <std::size_t... J>
inline Vec repeatFour(FourUnaligned four, std::index_sequence<J...>) {
  return __builtin_shufflevector(four, four, (J & 3)...);
}
inline Vec repeatFour(const float* p) {
#if defined(__AVX512F__) && !defined(PRUNEBENCH_LANES)
  // One load; the compiler makes the shuffle a detour over the stack.
  return _mm512_maskz_broadcast_f32x4(static_cast<__mmask16>(-1), _mm_loadu_ps(p));
#else
  return repeatFour(*reinterpret_cast<const FourUnaligned*>(p), std::make_index_sequence<kLanes>{});
#endif
}
template <int I, std::size_t... J>
inline Vec fromEachFour(Vec v, std::index_sequence<J...>) {
  return __builtin_shufflevector(v, v, ((J & ~std::size_t{3}) + I)...);
}
template <int I>
inline Vec fromEachFour(Vec v) {
  return fromEachFour<I>(v, std::make_index_sequence<kLanes>{});
}
// NaN in `a` survives: a comparison with NaN is false, so it selects `a`.
inline Vec maximum(Vec a, Vec b) { return a < b ? b : a; }
inline Vec minimum(Vec a, Vec b) { return a > b ? b : a; }
// NaN < 0 is false, so NaN passes through.
inline Vec relu(Vec v) { return v < Vec{} ? Vec{} : v; }
inline float relu(float v) { return v < 0 ? 0 : v; }
// dy * step(x), where step(NaN) is NaN
inline Vec reluGradient(Vec dy, Vec x) { return dy * (x > Vec{} ? splat(1.0f) : x == x ? Vec{} : x); }

// The compiler turns the loop into one vector instruction.
inline Vec squareRoot(Vec v) {
  for (int i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
}

// Sum of the lanes in a fixed tree order.
inline float sumLanes(Vec v) {
  float lanes[kLanes];
  std::memcpy(lanes, &v, sizeof lanes);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}
