// Momentum with weight decay, the arithmetic that every kernel that updates weights shares, so that all give the same bits:
//   g = gradient + weightDecay p;  v' = momentum v + g;  p' = p - learningRate (nesterov ? g + momentum v' : v')
// and both times an optional 0/1 mask.
#pragma once
#include <cstdint>

#include "simd/simd.h"

struct Momentum {
  const float *p, *v, *mask;  // mask may be null
  float *newP, *newV;
  Vec rate, momentum, decay;
  bool nesterov;

  template <class Lanes>
  [[gnu::always_inline]] inline void update(int64_t i, Vec gradient, Lanes lanes) const {
    const Vec param = lanes(p + i);
    const Vec g = gradient + decay * param;
    Vec velocity = momentum * lanes(v + i) + g;
    Vec updated = param - rate * (nesterov ? g + momentum * velocity : velocity);
    if (mask) {
      const Vec keep = lanes(mask + i);
      updated *= keep;
      velocity *= keep;
    }
    lanes.put(newP + i, updated);
    lanes.put(newV + i, velocity);
  }
};
