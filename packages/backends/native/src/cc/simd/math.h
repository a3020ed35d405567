// Vector versions of exp, log, tanh, sin, cos and their relatives, NaN- and infinity-preserving, within a few units in the last
// place (polynomials after Cephes' expf, logf and tanhf).
#pragma once
#include <cmath>
#include <limits>

#include "simd/simd.h"

inline Vec roundToEven(Vec x) {
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it pushes the fraction out
  return (x + magic) - magic;
}

// Halves go to the even neighbour; the sign stays, also that of zero. From 2^23 on every float is whole.
inline Vec roundHalfEven(Vec x) {
  const Vec whole = splat(8388608.0f);
  const IntVec magnitudeBits = bits(x) & 0x7fffffff;
  const Vec magnitude = fromBits(magnitudeBits);
  const Vec rounded = (magnitude + whole) - whole;
  return magnitude < whole ? fromBits(bits(rounded) | (bits(x) ^ magnitudeBits)) : x;
}

// 2^n for integral n in [-150, 150], in two factors so that the result may be subnormal or infinite.
inline Vec scaleByPowerOfTwo(Vec x, Vec n) {
  const IntVec whole = __builtin_convertvector(n, IntVec), half = whole >> 1;
  return x * fromBits((half + 127) << 23) * fromBits((whole - half + 127) << 23);
}

// exp(r) - 1 for |r| <= log(2) / 2
inline Vec exponentialTail(Vec r) {
  Vec p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  return p * r * r + r;
}

inline Vec exponential(Vec x) {
  const Vec high = splat(90.0f), low = splat(-104.0f);
  const Vec clamped = x > high ? high : x < low ? low : x;
  const Vec n = roundToEven(clamped * splat(1.44269504088896341f));
  const Vec r = clamped - n * splat(0.693359375f) - n * splat(-2.12194440e-4f);
  const Vec p = exponentialTail(r) + splat(1.0f);
  // Converting a NaN to an integer is undefined; its p is NaN already.
  return scaleByPowerOfTwo(p, x == x ? n : Vec{});
}

inline Vec logistic(Vec x) { return splat(1.0f) / (splat(1.0f) + exponential(-x)); }

inline Vec exponentialMinus1(Vec x) {
  const Vec magnitude = fromBits(bits(x) & 0x7fffffff);
  return magnitude < splat(0.34657359f) ? exponentialTail(x) : exponential(x) - splat(1.0f);
}

inline Vec logarithm(Vec x) {
  const Vec smallestNormal = splat(std::numeric_limits<float>::min());
  const IntVec raw = bits(x < smallestNormal ? x * splat(8388608.0f) : x);
  // x = 2^exponent (1 + m) with 1 + m in [sqrt(1/2), sqrt(2)); true comparisons are -1
  const Vec fraction = fromBits((raw & 0x007fffff) | 0x3f000000);
  const IntVec low = fraction < splat(0.70710678f);
  const IntVec exponent = (raw >> 23) - 126 + low - ((x < smallestNormal) & 23);
  const Vec m = (low ? fraction + fraction : fraction) - splat(1.0f);
  Vec p = splat(7.0376836292e-2f);
  p = p * m - splat(1.1514610310e-1f);
  p = p * m + splat(1.1676998740e-1f);
  p = p * m - splat(1.2420140846e-1f);
  p = p * m + splat(1.4249322787e-1f);
  p = p * m - splat(1.6668057665e-1f);
  p = p * m + splat(2.0000714765e-1f);
  p = p * m - splat(2.4999993993e-1f);
  p = p * m + splat(3.3333331174e-1f);
  const Vec e = __builtin_convertvector(exponent, Vec), square = m * m;
  const Vec tail = p * m * square - e * splat(2.12194440e-4f) - splat(0.5f) * square;
  const Vec finite = m + tail + e * splat(0.693359375f);
  const Vec infinity = splat(std::numeric_limits<float>::infinity());
  const Vec outside = x == Vec{} ? -infinity : splat(std::numeric_limits<float>::quiet_NaN());
  return x > Vec{} ? (x < infinity ? finite : x) : outside;
}

// log(u) corrected by what rounding 1 + x to u has lost
inline Vec logarithm1p(Vec x) {
  const Vec one = splat(1.0f), u = one + x, infinity = splat(std::numeric_limits<float>::infinity());
  return u == one ? x : u == infinity ? u : logarithm(u) * (x / (u - one));
}

// log(1 + exp(x)) without overflow
inline Vec softplus(Vec x) { return relu(x) + logarithm1p(exponential(-fromBits(bits(x) & 0x7fffffff))); }

inline Vec hyperbolicTangent(Vec x) {
  const Vec magnitude = fromBits(bits(x) & 0x7fffffff), square = x * x, one = splat(1.0f);
  Vec p = splat(-5.70498872745e-3f);
  p = p * square + splat(2.06390887954e-2f);
  p = p * square - splat(5.37397155531e-2f);
  p = p * square + splat(1.33314422036e-1f);
  p = p * square - splat(3.33332819422e-1f);
  const Vec near = p * square * x + x;
  const Vec far = one - splat(2.0f) / (exponential(magnitude + magnitude) + one);
  return magnitude < splat(0.625f) ? near : x < Vec{} ? -far : far;
}

struct SineCosine {
  Vec sine, cosine;
};

// Sine and cosine of 2 pi x for x in [-2^20, 2^20]: no digit of the argument is lost to pi (polynomials after Cephes' sinf and cosf).
inline SineCosine sineCosineOfTurns(Vec x) {
  const Vec quarters = x * splat(4.0f), nearest = roundToEven(quarters);
  const Vec angle = (quarters - nearest) * splat(1.57079632679489662f), square = angle * angle;
  Vec s = splat(-1.9515295891e-4f);
  s = s * square + splat(8.3321608736e-3f);
  s = s * square - splat(1.6666654611e-1f);
  s = s * square * angle + angle;
  Vec c = splat(2.443315711809948e-5f);
  c = c * square - splat(1.388731625493765e-3f);
  c = c * square + splat(4.166664568298827e-2f);
  c = c * square * square - splat(0.5f) * square + splat(1.0f);
  const IntVec quadrant = __builtin_convertvector(nearest, IntVec);
  const IntVec odd = -(quadrant & 1);  // all ones where sine and cosine change places
  const Vec sine = odd ? c : s, cosine = odd ? s : c;
  return {fromBits(bits(sine) ^ ((quadrant & 2) << 30)), fromBits(bits(cosine) ^ (((quadrant + 1) & 2) << 30))};
}

template <class Function>
inline Vec eachLane(Vec x, Function function) {
  for (int i = 0; i < kLanes; ++i) x[i] = function(x[i]);
  return x;
}
