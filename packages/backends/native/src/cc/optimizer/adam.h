// Adam (Kingma and Ba, 2015); decoupled: AdamW (Loshchilov and Hutter, 2019). The arithmetic that every kernel that updates weights so
// shares, with an optional 0/1 mask on the new parameter and its state.
#pragma once
#include <cstdint>

#include "simd/simd.h"

struct Adam {
  struct Options {
    double beta1, beta2, epsilon, weightDecay;
    bool decoupled;
  };
  const float *p, *m, *v, *mask;  // mask may be null
  float *newP, *newM, *newV;
  Vec rate, correction1, correction2, keep1, take1, keep2, take2, epsilon, coupledDecay, decoupledDecay;

  // `schedule` is learningRate, 1 - beta1^t, 1 - beta2^t.
  Adam(const float* p, const float* m, const float* v, const float* mask, const float* schedule, float* newP, float* newM, float* newV,
       const Options& options)
      : p(p), m(m), v(v), mask(mask), newP(newP), newM(newM), newV(newV), rate(splat(schedule[0])), correction1(splat(schedule[1])),
        correction2(splat(schedule[2])), keep1(splat(static_cast<float>(options.beta1))),
        take1(splat(static_cast<float>(1 - options.beta1))), keep2(splat(static_cast<float>(options.beta2))),
        take2(splat(static_cast<float>(1 - options.beta2))), epsilon(splat(static_cast<float>(options.epsilon))) {
    const Vec decay = splat(static_cast<float>(options.weightDecay));
    coupledDecay = options.decoupled ? Vec{} : decay, decoupledDecay = options.decoupled ? decay : Vec{};
  }

  template <class Lanes>
  [[gnu::always_inline]] inline void update(int64_t i, Vec gradient, Lanes lanes) const {
    const Vec param = lanes(p + i);
    const Vec g = gradient + coupledDecay * param;
    Vec first = keep1 * lanes(m + i) + take1 * g;
    Vec second = keep2 * lanes(v + i) + take2 * g * g;
    Vec root = second / correction2;
    root = squareRoot(root);
    Vec updated = param - rate * ((first / correction1) / (root + epsilon) + decoupledDecay * param);
    if (mask) {
      const Vec keep = lanes(mask + i);
      updated *= keep;
      first *= keep;
      second *= keep;
    }
    lanes.put(newP + i, updated);
    lanes.put(newM + i, first);
    lanes.put(newV + i, second);
  }
};
