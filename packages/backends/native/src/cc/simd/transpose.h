// Transposition of a square block in registers: halves of ever larger groups of lanes change places between two rows
// (Eklundh, "A fast computer method for matrix transposing", IEEE Transactions on Computers, 1972).
#pragma once
#include <utility>

#include "simd/simd.h"

// Rows `a` and `b` that lie `step` apart: lane j of the results comes from the row and lane that transposing wants there.
#if defined(__clang__) || __GNUC__ >= 12
template <int Step, std::size_t... J>
[[gnu::always_inline]] inline void exchange(Vec& a, Vec& b, std::index_sequence<J...>) {
  const Vec upper = __builtin_shufflevector(a, b, (J & Step ? kLanes + J - Step : J)...);
  b = __builtin_shufflevector(a, b, (J & Step ? kLanes + J : J + Step)...);
  a = upper;
}
#else
template <int Step, std::size_t... J>
[[gnu::always_inline]] inline void exchange(Vec& a, Vec& b, std::index_sequence<J...>) {
  const Vec upper = __builtin_shuffle(a, b, IntVec{(J & Step ? kLanes + J - Step : J)...});
  b = __builtin_shuffle(a, b, IntVec{(J & Step ? kLanes + J : J + Step)...});
  a = upper;
}
#endif

template <int Step>
[[gnu::always_inline]] inline void exchangeAll(Vec (&block)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i)
    if (!(i & Step)) exchange<Step>(block[i], block[i + Step], std::make_index_sequence<kLanes>{});
}

// block[i][j] becomes block[j][i].
[[gnu::always_inline]] inline void transpose(Vec (&block)[kLanes]) {
  exchangeAll<1>(block);
  exchangeAll<2>(block);
  if constexpr (kLanes > 4) exchangeAll<4>(block);
  if constexpr (kLanes > 8) exchangeAll<8>(block);
}
