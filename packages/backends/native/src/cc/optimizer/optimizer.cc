// Optimizer updates in one pass over memory, each with an optional 0/1 mask on the new parameter and its state.
#include <cmath>

#include "addon/call.h"
#include "optimizer/momentum.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

constexpr int64_t kGrain = 16384;

template <class Body>
void eachElement(int64_t size, Body&& body) {
  parallelRange(size, kGrain, [&](int64_t begin, int64_t end) {
    eachColumn(end - begin, [&](int64_t i, auto lanes) { body(begin + i, lanes); });
  });
}

}  // namespace

KERNEL(MomentumUpdate,
       (param, velocity, gradient, OPTIONAL(mask), learningRate, OUT(newParam), OUT(newVelocity)),
       (size, momentum, nesterov, weightDecay)) {
  const Momentum step{call.in<float>(Operand::param), call.in<float>(Operand::velocity), call.in<float>(Operand::mask),
                      call.out<float>(Operand::newParam), call.out<float>(Operand::newVelocity),
                      splat(*call.in<float>(Operand::learningRate)), splat(static_cast<float>(call.number(Number::momentum))),
                      splat(static_cast<float>(call.number(Number::weightDecay))), call.flag(Number::nesterov)};
  const float* gradient = call.in<float>(Operand::gradient);
  eachElement(call.integer(Number::size), [&](int64_t i, auto lanes) { step.update(i, lanes(gradient + i), lanes); });
}

// Adam (Kingma and Ba, 2015); decoupled: AdamW (Loshchilov and Hutter, 2019).
// `schedule` is learningRate, 1 - beta1^t, 1 - beta2^t.
KERNEL(AdamUpdate,
       (param, m, v, gradient, OPTIONAL(mask), schedule, OUT(newParam), OUT(newM), OUT(newV)),
       (size, beta1, beta2, epsilon, weightDecay, decoupled)) {
  const float *p = call.in<float>(Operand::param), *m = call.in<float>(Operand::m), *v = call.in<float>(Operand::v);
  const float *gradient = call.in<float>(Operand::gradient);
  const float *mask = call.in<float>(Operand::mask), *schedule = call.in<float>(Operand::schedule);
  float *newP = call.out<float>(Operand::newParam), *newM = call.out<float>(Operand::newM);
  float *newV = call.out<float>(Operand::newV);
  const Vec rate = splat(schedule[0]), correction1 = splat(schedule[1]), correction2 = splat(schedule[2]);
  const float beta1 = static_cast<float>(call.number(Number::beta1)), beta2 = static_cast<float>(call.number(Number::beta2));
  const Vec keep1 = splat(beta1), take1 = splat(static_cast<float>(1 - call.number(Number::beta1)));
  const Vec keep2 = splat(beta2), take2 = splat(static_cast<float>(1 - call.number(Number::beta2)));
  const Vec epsilon = splat(static_cast<float>(call.number(Number::epsilon)));
  const bool decoupled = call.flag(Number::decoupled);
  const Vec decay = splat(static_cast<float>(call.number(Number::weightDecay)));
  const Vec coupledDecay = decoupled ? Vec{} : decay, decoupledDecay = decoupled ? decay : Vec{};
  eachElement(call.integer(Number::size), [&](int64_t i, auto lanes) {
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
