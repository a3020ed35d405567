// Optimizer updates in one pass over memory, each with an optional 0/1 mask on the new parameter and its state.
#include "addon/call.h"
#include "optimizer/adam.h"
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

KERNEL(AdamUpdate,
       (param, m, v, gradient, OPTIONAL(mask), schedule, OUT(newParam), OUT(newM), OUT(newV)),
       (size, beta1, beta2, epsilon, weightDecay, decoupled)) {
  const Adam step(call.in<float>(Operand::param), call.in<float>(Operand::m), call.in<float>(Operand::v),
                  call.in<float>(Operand::mask), call.in<float>(Operand::schedule), call.out<float>(Operand::newParam),
                  call.out<float>(Operand::newM), call.out<float>(Operand::newV),
                  {call.number(Number::beta1), call.number(Number::beta2), call.number(Number::epsilon),
                   call.number(Number::weightDecay), call.flag(Number::decoupled)});
  const float* gradient = call.in<float>(Operand::gradient);
  eachElement(call.integer(Number::size), [&](int64_t i, auto lanes) { step.update(i, lanes(gradient + i), lanes); });
}
