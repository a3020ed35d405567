// Optimizer updates in one pass over memory, each with an optional 0/1 mask on the new parameter and its state.
#include <cmath>

#include "call.h"
#include "columns.h"
#include "momentum.h"
#include "threads.h"

namespace {

constexpr int64_t kGrain = 16384;

template <class Body>
void eachElement(int64_t size, Body&& body) {
  parallelRange(size, kGrain, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) { body(begin + i, lanes); });
  });
}

}  // namespace

// operands: p, v, gradient, mask or 0, learningRate, p', v'; numbers: size, momentum, nesterov, weightDecay
KERNEL(MomentumUpdate) {
  const Momentum step{call.in<float>(0), call.in<float>(1), call.in<float>(3), call.out<float>(5), call.out<float>(6),
                      splat(*call.in<float>(4)), splat(static_cast<float>(call.number(1))),
                      splat(static_cast<float>(call.number(3))), call.flag(2)};
  const float* gradient = call.in<float>(2);
  eachElement(call.integer(0), [&](int64_t i, auto lanes) { step.update(i, lanes(gradient + i), lanes); });
}

// Adam (Kingma and Ba, 2015); decoupled: AdamW (Loshchilov and Hutter, 2019).
// operands: p, m, v, gradient, mask or 0, schedule (learningRate, 1 - beta1^t, 1 - beta2^t), p', m', v'
// numbers: size, beta1, beta2, epsilon, weightDecay, decoupled
KERNEL(AdamUpdate) {
  const float *p = call.in<float>(0), *m = call.in<float>(1), *v = call.in<float>(2), *gradient = call.in<float>(3);
  const float *mask = call.in<float>(4), *schedule = call.in<float>(5);
  float *newP = call.out<float>(6), *newM = call.out<float>(7), *newV = call.out<float>(8);
  const Vec rate = splat(schedule[0]), correction1 = splat(schedule[1]), correction2 = splat(schedule[2]);
  const float beta1 = static_cast<float>(call.number(1)), beta2 = static_cast<float>(call.number(2));
  const Vec keep1 = splat(beta1), take1 = splat(static_cast<float>(1 - call.number(1)));
  const Vec keep2 = splat(beta2), take2 = splat(static_cast<float>(1 - call.number(2)));
  const Vec epsilon = splat(static_cast<float>(call.number(3)));
  const bool decoupled = call.flag(5);
  const Vec decay = splat(static_cast<float>(call.number(4)));
  const Vec coupledDecay = decoupled ? Vec{} : decay, decoupledDecay = decoupled ? decay : Vec{};
  eachElement(call.integer(0), [&](int64_t i, auto lanes) {
    const Vec param = lanes(p + i);
    const Vec g = lanes(gradient + i) + coupledDecay * param;
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
  });
}
