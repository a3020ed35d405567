// Vector versions of exp, log, tanh and the logistic function, NaN- and infinity-preserving, within a few units in the
// last place (polynomials after Cephes' expf and logf).
#pragma once
#include <cmath>
#include <limits>

#include "simd.h"

inline Vec roundToEven(Vec x) {
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it pushes the fraction out
  return (x + magic) - magic;
}

// 2^n for integral n in [-150, 150], in two factors so that the result may be subnormal or infinite.
inline Vec scaleByPowerOfTwo(Vec x, Vec n) {
  const IntVec whole = __builtin_convertvector(n, IntVec), half = whole >> 1;
  return x * fromBits((half + 127) << 23) * fromBits((whole - half + 127) << 23);
}

inline Vec exponential(Vec x) {
  const Vec high = splat(90.0f), low = splat(-104.0f);
  const Vec clamped = x > high ? high : x < low ? low : x;
  const Vec n = roundToEven(clamped * splat(1.44269504088896341f));
  const Vec r = clamped - n * splat(0.693359375f) - n * splat(-2.12194440e-4f);
  Vec p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * r * r + r + splat(1.0f);
  // Converting a NaN to an integer is undefined; its p is NaN already.
  return scaleByPowerOfTwo(p, x == x ? n : Vec{});
}

inline Vec logistic(Vec x) { return splat(1.0f) / (splat(1.0f) + exponential(-x)); }

template <class Function>
inline Vec eachLane(Vec x, Function function) {
  for (int i = 0; i < kLanes; ++i) x[i] = function(x[i]);
  return x;
}
