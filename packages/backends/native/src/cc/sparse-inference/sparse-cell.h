// Elementwise access to a cell: NV vectors, or, for NV = 0, a single float.
#pragma once
#include <cmath>

#include "simd/math.h"
#include "simd/simd.h"

template <int NV>
struct Cell {
  static constexpr int64_t kFloats = NV * kLanes;
  Vec v[NV];
  static Cell all(float x) {
    Cell c;
    for (int i = 0; i < NV; ++i) c.v[i] = splat(x);
    return c;
  }
  static Cell from(const float* p) {
    Cell c;
    for (int i = 0; i < NV; ++i) c.v[i] = load(p + i * kLanes);
    return c;
  }
  void put(float* p) const {
    for (int i = 0; i < NV; ++i) store(p + i * kLanes, v[i]);
  }
  template <class Function>
  Cell map(Function f) const {
    Cell c;
    for (int i = 0; i < NV; ++i) c.v[i] = f(v[i]);
    return c;
  }
  template <class Function>
  Cell with(const Cell& other, Function f) const {
    Cell c;
    for (int i = 0; i < NV; ++i) c.v[i] = f(v[i], other.v[i]);
    return c;
  }
};

template <>
struct Cell<0> {
  static constexpr int64_t kFloats = 1;
  Vec v[1];
  static Cell all(float x) { return {{splat(x)}}; }
  static Cell from(const float* p) { return {{splat(*p)}}; }
  void put(float* p) const { *p = v[0][0]; }
  template <class Function>
  Cell map(Function f) const {
    return {{f(v[0])}};
  }
  template <class Function>
  Cell with(const Cell& other, Function f) const {
    return {{f(v[0], other.v[0])}};
  }
};

template <int NV>
inline Cell<NV> operator+(const Cell<NV>& a, const Cell<NV>& b) {
  return a.with(b, [](Vec x, Vec y) { return x + y; });
}
template <int NV>
inline Cell<NV> operator-(const Cell<NV>& a, const Cell<NV>& b) {
  return a.with(b, [](Vec x, Vec y) { return x - y; });
}
