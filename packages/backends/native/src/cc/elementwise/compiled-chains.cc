// Written by scripts/compile-chains.ts from chain-forms.txt; do not edit.
//
// Chains as one loop each: a value that no other command reads stays in a register. Each operation rounds by itself (`rounded`), so that
// the numbers are those of the links run one by one.
#include "elementwise/chain.h"
#include "elementwise/operations.h"
#include "optimizer/adam.h"
#include "optimizer/momentum.h"
#include "simd/columns.h"

// sparse variational dropout: variance, and means within the threshold
KERNEL(Chainc22d72a3afb7, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x1 = links[0].at(1);
    float* const x0 = links[0].at(0);
    float* const x2 = links[1].at(0);
    const float* const c0 = links[2].at(1);
    const Vec c0v = splat(*c0);
    const float* const c1 = links[3].at(1);
    const Vec c1v = splat(*c1);
    float* const x3 = links[5].at(1);
    float* const x4 = links[6].at(2);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = rounded(apply<UnaryOperation::Exp>(x0v0, Vec{}, Vec{}));
        const Vec x1v1 = rounded(apply<UnaryOperation::Exp>(x0v1, Vec{}, Vec{}));
        store(x1 + i0, x1v0);
        store(x1 + i1, x1v1);
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Square>(x2v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Square>(x2v1, Vec{}, Vec{}));
        const Vec t1v0 = rounded(apply<BinaryOperation::Add>(t0v0, c0v));
        const Vec t1v1 = rounded(apply<BinaryOperation::Add>(t0v1, c0v));
        const Vec t2v0 = rounded(apply<BinaryOperation::Multiply>(t1v0, c1v));
        const Vec t2v1 = rounded(apply<BinaryOperation::Multiply>(t1v1, c1v));
        const IntVec t1_0v0 = x1v0 < t2v0;
        const IntVec t1_0v1 = x1v1 < t2v1;
        const Vec x3v0 = rounded(t1_0v0 ? splat(1.0f) : Vec{});
        const Vec x3v1 = rounded(t1_0v1 ? splat(1.0f) : Vec{});
        store(x3 + i0, x3v0);
        store(x3 + i1, x3v1);
        const Vec x4v0 = rounded(apply<BinaryOperation::Multiply>(x2v0, x3v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::Multiply>(x2v1, x3v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, forward
KERNEL(Chain5b654c942cea, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x1 = links[0].at(2);
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x2 = links[2].at(1);
    float* const x4 = links[3].at(2);
    float* const x3 = links[3].at(0);
    float* const x5 = links[4].at(1);
    float* const x6 = links[5].at(1);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = rounded(apply<BinaryOperation::Add>(x0v0, c0v));
        const Vec x1v1 = rounded(apply<BinaryOperation::Add>(x0v1, c0v));
        store(x1 + i0, x1v0);
        store(x1 + i1, x1v1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Sqrt>(x1v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Sqrt>(x1v1, Vec{}, Vec{}));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(t0v0, x2v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(t0v1, x2v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec x4v0 = rounded(apply<BinaryOperation::Add>(x3v0, t1v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::Add>(x3v1, t1v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
        const Vec x5v0 = rounded(apply<UnaryOperation::Relu>(x4v0, Vec{}, Vec{}));
        const Vec x5v1 = rounded(apply<UnaryOperation::Relu>(x4v1, Vec{}, Vec{}));
        store(x5 + i0, x5v0);
        store(x5 + i1, x5v1);
        const Vec x6v0 = rounded(apply<UnaryOperation::Square>(x5v0, Vec{}, Vec{}));
        const Vec x6v1 = rounded(apply<UnaryOperation::Square>(x5v1, Vec{}, Vec{}));
        store(x6 + i0, x6v0);
        store(x6 + i1, x6v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, forward, 2
KERNEL(Chainf7e11a1998a2, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x1 = links[0].at(2);
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x2 = links[2].at(1);
    float* const x4 = links[3].at(2);
    float* const x3 = links[3].at(0);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = rounded(apply<BinaryOperation::Add>(x0v0, c0v));
        const Vec x1v1 = rounded(apply<BinaryOperation::Add>(x0v1, c0v));
        store(x1 + i0, x1v0);
        store(x1 + i1, x1v1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Sqrt>(x1v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Sqrt>(x1v1, Vec{}, Vec{}));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(t0v0, x2v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(t0v1, x2v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec x4v0 = rounded(apply<BinaryOperation::Add>(x3v0, t1v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::Add>(x3v1, t1v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, backward
KERNEL(Chaineaf147bd84b2, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x1 = links[0].at(2);
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x2 = links[1].at(1);
    float* const x3 = links[2].at(0);
    const float* const c1 = links[3].at(1);
    const Vec c1v = splat(*c1);
    float* const x4 = links[4].at(2);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec x1v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        store(x1 + i0, x1v0);
        store(x1 + i1, x1v1);
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x1v0, x2v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x1v1, x2v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec t1v0 = rounded(apply<UnaryOperation::Sqrt>(x3v0, Vec{}, Vec{}));
        const Vec t1v1 = rounded(apply<UnaryOperation::Sqrt>(x3v1, Vec{}, Vec{}));
        const Vec t2v0 = rounded(apply<BinaryOperation::Multiply>(t1v0, c1v));
        const Vec t2v1 = rounded(apply<BinaryOperation::Multiply>(t1v1, c1v));
        const Vec x4v0 = rounded(apply<BinaryOperation::RealDiv>(t0v0, t2v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::RealDiv>(t0v1, t2v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, backward, 2
KERNEL(Chainc21796ef9498, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x1 = links[1].at(0);
    float* const x2 = links[2].at(1);
    float* const x4 = links[3].at(2);
    float* const x3 = links[3].at(1);
    float* const x5 = links[4].at(1);
    float* const x6 = links[5].at(0);
    const float* const c1 = links[6].at(1);
    const Vec c1v = splat(*c1);
    float* const x7 = links[7].at(2);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      __builtin_prefetch(x7 + group + kAhead);
      __builtin_prefetch(x7 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x1v0, t0v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x1v1, t0v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(t1v0, x2v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(t1v1, x2v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec x4v0 = rounded(apply<BinaryOperation::ReluGrad>(t2v0, x3v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::ReluGrad>(t2v1, x3v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
        const Vec x5v0 = load(x5 + i0);
        const Vec x5v1 = load(x5 + i1);
        const Vec t3v0 = rounded(apply<BinaryOperation::Multiply>(x4v0, x5v0));
        const Vec t3v1 = rounded(apply<BinaryOperation::Multiply>(x4v1, x5v1));
        const Vec x6v0 = load(x6 + i0);
        const Vec x6v1 = load(x6 + i1);
        const Vec t4v0 = rounded(apply<UnaryOperation::Sqrt>(x6v0, Vec{}, Vec{}));
        const Vec t4v1 = rounded(apply<UnaryOperation::Sqrt>(x6v1, Vec{}, Vec{}));
        const Vec t5v0 = rounded(apply<BinaryOperation::Multiply>(t4v0, c1v));
        const Vec t5v1 = rounded(apply<BinaryOperation::Multiply>(t4v1, c1v));
        const Vec x7v0 = rounded(apply<BinaryOperation::RealDiv>(t3v0, t5v0));
        const Vec x7v1 = rounded(apply<BinaryOperation::RealDiv>(t3v1, t5v1));
        store(x7 + i0, x7v0);
        store(x7 + i1, x7v1);
      }
    }

  });
}

// sparse variational dropout: divergence, gradients and updates of mean and log variance, momentum
KERNEL(Chain8a70e63eb84d, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    const Vec value1 = links[1].value(1);
    float* const x2 = links[2].at(0);
    float* const x3 = links[3].at(1);
    float* const x4 = links[4].at(0);
    const float* const c0 = links[5].at(1);
    const Vec c0v = splat(*c0);
    float* const x5 = links[7].at(0);
    const Vec first8 = links[8].value(2);
    const Vec second8 = links[8].value(3);
    const float* const c1 = links[9].at(1);
    const Vec c1v = splat(*c1);
    const float* const c2 = links[10].at(1);
    const Vec c2v = splat(*c2);
    const float* const c3 = links[14].at(1);
    const Vec c3v = splat(*c3);
    RunSum sum0 = sums[0];
    RunSum sum1 = sums[1];
    const float* const c6 = links[18].at(0);
    const Vec c6v = splat(*c6);
    const float* const c7 = links[20].at(1);
    const Vec c7v = splat(*c7);
    const float* const c8 = links[22].at(1);
    const Vec c8v = splat(*c8);
    const float* const c9 = links[24].at(1);
    const Vec c9v = splat(*c9);
    const float* const c10 = links[25].at(1);
    const Vec c10v = splat(*c10);
    const float* const c11 = links[26].at(1);
    const Vec c11v = splat(*c11);
    const Vec value28 = links[28].value(1);
    const float* const c12 = links[32].at(1);
    const Vec c12v = splat(*c12);
    float* const x6 = links[36].at(1);
    float* const x7 = links[36].at(5);
    float* const x8 = links[36].at(6);
    const float* const c13 = links[36].at(4);
    const Vec c13v = splat(*c13);
    const Vec momentum36 = links[36].value(1);
    const Vec weightDecay36 = links[36].value(3);
    const Momentum step36{x4, x6, nullptr, x7, x8, c13v, momentum36, weightDecay36, links[36].number(2) != 0};
    float* const x9 = links[37].at(1);
    float* const x10 = links[37].at(5);
    float* const x11 = links[37].at(6);
    const Vec momentum37 = links[37].value(1);
    const Vec weightDecay37 = links[37].value(3);
    const Momentum step37{x5, x9, nullptr, x10, x11, c13v, momentum37, weightDecay37, links[37].number(2) != 0};
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      __builtin_prefetch(x7 + group + kAhead);
      __builtin_prefetch(x7 + group + kAhead + 16);
      __builtin_prefetch(x8 + group + kAhead);
      __builtin_prefetch(x8 + group + kAhead + 16);
      __builtin_prefetch(x9 + group + kAhead);
      __builtin_prefetch(x9 + group + kAhead + 16);
      __builtin_prefetch(x10 + group + kAhead);
      __builtin_prefetch(x10 + group + kAhead + 16);
      __builtin_prefetch(x11 + group + kAhead);
      __builtin_prefetch(x11 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec t1v0 = rounded(value1);
        const Vec t1v1 = rounded(value1);
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(x2v0, t1v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(x2v1, t1v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec t3v0 = rounded(apply<BinaryOperation::Multiply>(t2v0, x3v0));
        const Vec t3v1 = rounded(apply<BinaryOperation::Multiply>(t2v1, x3v1));
        const Vec x4v0 = load(x4 + i0);
        const Vec x4v1 = load(x4 + i1);
        const Vec t4v0 = rounded(apply<UnaryOperation::Square>(x4v0, Vec{}, Vec{}));
        const Vec t4v1 = rounded(apply<UnaryOperation::Square>(x4v1, Vec{}, Vec{}));
        const Vec t5v0 = rounded(apply<BinaryOperation::Add>(t4v0, c0v));
        const Vec t5v1 = rounded(apply<BinaryOperation::Add>(t4v1, c0v));
        const Vec t6v0 = rounded(apply<UnaryOperation::Log>(t5v0, Vec{}, Vec{}));
        const Vec t6v1 = rounded(apply<UnaryOperation::Log>(t5v1, Vec{}, Vec{}));
        const Vec x5v0 = load(x5 + i0);
        const Vec x5v1 = load(x5 + i1);
        const Vec t7v0 = rounded(apply<BinaryOperation::Sub>(x5v0, t6v0));
        const Vec t7v1 = rounded(apply<BinaryOperation::Sub>(x5v1, t6v1));
        const Vec t8v0 = rounded(apply<UnaryOperation::ClipByValue>(t7v0, first8, second8));
        const Vec t8v1 = rounded(apply<UnaryOperation::ClipByValue>(t7v1, first8, second8));
        const Vec t9v0 = rounded(apply<BinaryOperation::Multiply>(t8v0, c1v));
        const Vec t9v1 = rounded(apply<BinaryOperation::Multiply>(t8v1, c1v));
        const Vec t10v0 = rounded(apply<BinaryOperation::Add>(t9v0, c2v));
        const Vec t10v1 = rounded(apply<BinaryOperation::Add>(t9v1, c2v));
        const Vec t11v0 = rounded(apply<UnaryOperation::Sigmoid>(t10v0, Vec{}, Vec{}));
        const Vec t11v1 = rounded(apply<UnaryOperation::Sigmoid>(t10v1, Vec{}, Vec{}));
        const Vec t12v0 = rounded(apply<UnaryOperation::Neg>(t8v0, Vec{}, Vec{}));
        const Vec t12v1 = rounded(apply<UnaryOperation::Neg>(t8v1, Vec{}, Vec{}));
        const Vec t13v0 = rounded(apply<UnaryOperation::Exp>(t12v0, Vec{}, Vec{}));
        const Vec t13v1 = rounded(apply<UnaryOperation::Exp>(t12v1, Vec{}, Vec{}));
        const Vec t14v0 = rounded(apply<BinaryOperation::Add>(t13v0, c3v));
        const Vec t14v1 = rounded(apply<BinaryOperation::Add>(t13v1, c3v));
        sum0.addVector(v + 0, t11v0);
        sum0.addVector(v + 1, t11v1);
        const Vec t15v0 = rounded(apply<UnaryOperation::Log>(t14v0, Vec{}, Vec{}));
        const Vec t15v1 = rounded(apply<UnaryOperation::Log>(t14v1, Vec{}, Vec{}));
        sum1.addVector(v + 0, t15v0);
        sum1.addVector(v + 1, t15v1);
        const Vec t16v0 = rounded(apply<BinaryOperation::Sub>(c6v, t11v0));
        const Vec t16v1 = rounded(apply<BinaryOperation::Sub>(c6v, t11v1));
        const Vec t17v0 = rounded(apply<BinaryOperation::Multiply>(t11v0, t16v0));
        const Vec t17v1 = rounded(apply<BinaryOperation::Multiply>(t11v1, t16v1));
        const Vec t18v0 = rounded(apply<BinaryOperation::Multiply>(t17v0, c7v));
        const Vec t18v1 = rounded(apply<BinaryOperation::Multiply>(t17v1, c7v));
        const Vec t19v0 = rounded(apply<BinaryOperation::RealDiv>(t13v0, t14v0));
        const Vec t19v1 = rounded(apply<BinaryOperation::RealDiv>(t13v1, t14v1));
        const Vec t20v0 = rounded(apply<BinaryOperation::Multiply>(t19v0, c8v));
        const Vec t20v1 = rounded(apply<BinaryOperation::Multiply>(t19v1, c8v));
        const Vec t21v0 = rounded(apply<BinaryOperation::Add>(t18v0, t20v0));
        const Vec t21v1 = rounded(apply<BinaryOperation::Add>(t18v1, t20v1));
        const Vec t22v0 = rounded(apply<BinaryOperation::Multiply>(t21v0, c9v));
        const Vec t22v1 = rounded(apply<BinaryOperation::Multiply>(t21v1, c9v));
        const IntVec t1_0v0 = t7v0 >= c10v;
        const IntVec t1_0v1 = t7v1 >= c10v;
        const IntVec t1_1v0 = t7v0 <= c11v;
        const IntVec t1_1v1 = t7v1 <= c11v;
        const IntVec t1_2v0 = t1_0v0 & t1_1v0;
        const IntVec t1_2v1 = t1_0v1 & t1_1v1;
        const Vec t23v0 = rounded(value28);
        const Vec t23v1 = rounded(value28);
        const Vec t24v0 = rounded(t1_2v0 ? t22v0 : t23v0);
        const Vec t24v1 = rounded(t1_2v1 ? t22v1 : t23v1);
        const Vec t25v0 = rounded(apply<UnaryOperation::Neg>(t24v0, Vec{}, Vec{}));
        const Vec t25v1 = rounded(apply<UnaryOperation::Neg>(t24v1, Vec{}, Vec{}));
        const Vec t26v0 = rounded(apply<BinaryOperation::RealDiv>(t25v0, t5v0));
        const Vec t26v1 = rounded(apply<BinaryOperation::RealDiv>(t25v1, t5v1));
        const Vec t27v0 = rounded(apply<BinaryOperation::Multiply>(x4v0, c12v));
        const Vec t27v1 = rounded(apply<BinaryOperation::Multiply>(x4v1, c12v));
        const Vec t28v0 = rounded(apply<BinaryOperation::Multiply>(t26v0, t27v0));
        const Vec t28v1 = rounded(apply<BinaryOperation::Multiply>(t26v1, t27v1));
        const Vec t29v0 = rounded(apply<BinaryOperation::Add>(t0v0, t28v0));
        const Vec t29v1 = rounded(apply<BinaryOperation::Add>(t0v1, t28v1));
        const Vec t30v0 = rounded(apply<BinaryOperation::Add>(t3v0, t24v0));
        const Vec t30v1 = rounded(apply<BinaryOperation::Add>(t3v1, t24v1));
        step36.update(i0, t29v0, Whole{});
        step36.update(i1, t29v1, Whole{});
        step37.update(i0, t30v0, Whole{});
        step37.update(i1, t30v1, Whole{});
      }
    }
    sums[0] = sum0;
    sums[1] = sum1;
  });
}

// L2 penalty: its sum, its gradient and the update, momentum
KERNEL(Chain8b0e618366cf, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    RunSum sum0 = sums[0];
    const float* const c1 = links[2].at(1);
    const Vec c1v = splat(*c1);
    float* const x1 = links[3].at(0);
    float* const x2 = links[4].at(1);
    float* const x3 = links[4].at(5);
    float* const x4 = links[4].at(6);
    const float* const c2 = links[4].at(4);
    const Vec c2v = splat(*c2);
    const Vec momentum4 = links[4].value(1);
    const Vec weightDecay4 = links[4].value(3);
    const Momentum step4{x0, x2, nullptr, x3, x4, c2v, momentum4, weightDecay4, links[4].number(2) != 0};
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Square>(x0v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Square>(x0v1, Vec{}, Vec{}));
        sum0.addVector(v + 0, t0v0);
        sum0.addVector(v + 1, t0v1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c1v));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c1v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(x1v0, t1v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(x1v1, t1v1));
        step4.update(i0, t2v0, Whole{});
        step4.update(i1, t2v1, Whole{});
      }
    }
    sums[0] = sum0;
  });
}

// weight elimination: penalty, its gradient and the update, momentum
KERNEL(Chain2ae851689a8f, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[1].at(1);
    const Vec c0v = splat(*c0);
    const float* const c1 = links[2].at(1);
    const Vec c1v = splat(*c1);
    RunSum sum0 = sums[0];
    const float* const c3 = links[5].at(1);
    const Vec c3v = splat(*c3);
    float* const x1 = links[8].at(0);
    float* const x2 = links[9].at(1);
    float* const x3 = links[9].at(5);
    float* const x4 = links[9].at(6);
    const float* const c4 = links[9].at(4);
    const Vec c4v = splat(*c4);
    const Vec momentum9 = links[9].value(1);
    const Vec weightDecay9 = links[9].value(3);
    const Momentum step9{x0, x2, nullptr, x3, x4, c4v, momentum9, weightDecay9, links[9].number(2) != 0};
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Square>(x0v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Square>(x0v1, Vec{}, Vec{}));
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(t0v0, c0v));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(t0v1, c0v));
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(t1v0, c1v));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(t1v1, c1v));
        const Vec t3v0 = rounded(apply<BinaryOperation::RealDiv>(t1v0, t2v0));
        const Vec t3v1 = rounded(apply<BinaryOperation::RealDiv>(t1v1, t2v1));
        sum0.addVector(v + 0, t3v0);
        sum0.addVector(v + 1, t3v1);
        const Vec t4v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c3v));
        const Vec t4v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c3v));
        const Vec t5v0 = rounded(apply<UnaryOperation::Square>(t2v0, Vec{}, Vec{}));
        const Vec t5v1 = rounded(apply<UnaryOperation::Square>(t2v1, Vec{}, Vec{}));
        const Vec t6v0 = rounded(apply<BinaryOperation::RealDiv>(t4v0, t5v0));
        const Vec t6v1 = rounded(apply<BinaryOperation::RealDiv>(t4v1, t5v1));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t7v0 = rounded(apply<BinaryOperation::Add>(x1v0, t6v0));
        const Vec t7v1 = rounded(apply<BinaryOperation::Add>(x1v1, t6v1));
        step9.update(i0, t7v0, Whole{});
        step9.update(i1, t7v1, Whole{});
      }
    }
    sums[0] = sum0;
  });
}

// straight-through mask: gradients and updates of weight and scores, momentum
KERNEL(Chain8d2124a0e6e4, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    float* const x2 = links[1].at(1);
    float* const x3 = links[2].at(1);
    float* const x4 = links[2].at(5);
    float* const x5 = links[2].at(6);
    const float* const c0 = links[2].at(4);
    const Vec c0v = splat(*c0);
    const Vec momentum2 = links[2].value(1);
    const Vec weightDecay2 = links[2].value(3);
    const Momentum step2{x2, x3, nullptr, x4, x5, c0v, momentum2, weightDecay2, links[2].number(2) != 0};
    float* const x6 = links[3].at(0);
    float* const x7 = links[3].at(1);
    float* const x8 = links[3].at(5);
    float* const x9 = links[3].at(6);
    const Vec momentum3 = links[3].value(1);
    const Vec weightDecay3 = links[3].value(3);
    const Momentum step3{x6, x7, nullptr, x8, x9, c0v, momentum3, weightDecay3, links[3].number(2) != 0};
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      __builtin_prefetch(x7 + group + kAhead);
      __builtin_prefetch(x7 + group + kAhead + 16);
      __builtin_prefetch(x8 + group + kAhead);
      __builtin_prefetch(x8 + group + kAhead + 16);
      __builtin_prefetch(x9 + group + kAhead);
      __builtin_prefetch(x9 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x2v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x2v1));
        step2.update(i0, t0v0, Whole{});
        step2.update(i1, t0v1, Whole{});
        step3.update(i0, t1v0, Whole{});
        step3.update(i1, t1v1, Whole{});
      }
    }

  });
}

// sparse variational dropout: divergence, gradients and updates of mean and log variance, Adam
KERNEL(Chaine28eb29dab83, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    const Vec value1 = links[1].value(1);
    float* const x2 = links[2].at(0);
    float* const x3 = links[3].at(1);
    float* const x4 = links[4].at(0);
    const float* const c0 = links[5].at(1);
    const Vec c0v = splat(*c0);
    float* const x5 = links[7].at(0);
    const Vec first8 = links[8].value(2);
    const Vec second8 = links[8].value(3);
    const float* const c1 = links[9].at(1);
    const Vec c1v = splat(*c1);
    const float* const c2 = links[10].at(1);
    const Vec c2v = splat(*c2);
    const float* const c3 = links[14].at(1);
    const Vec c3v = splat(*c3);
    RunSum sum0 = sums[0];
    RunSum sum1 = sums[1];
    const float* const c6 = links[18].at(0);
    const Vec c6v = splat(*c6);
    const float* const c7 = links[20].at(1);
    const Vec c7v = splat(*c7);
    const float* const c8 = links[22].at(1);
    const Vec c8v = splat(*c8);
    const float* const c9 = links[24].at(1);
    const Vec c9v = splat(*c9);
    const float* const c10 = links[25].at(1);
    const Vec c10v = splat(*c10);
    const float* const c11 = links[26].at(1);
    const Vec c11v = splat(*c11);
    const Vec value28 = links[28].value(1);
    const float* const c12 = links[32].at(1);
    const Vec c12v = splat(*c12);
    float* const x6 = links[36].at(1);
    float* const x7 = links[36].at(2);
    float* const x8 = links[36].at(6);
    float* const x9 = links[36].at(7);
    float* const x10 = links[36].at(8);
    const Adam step36(x4, x6, x7, nullptr, links[36].at(5), x8, x9, x10, {links[36].number(1), links[36].number(2), links[36].number(3), links[36].number(4), links[36].number(5) != 0});
    float* const x11 = links[37].at(1);
    float* const x12 = links[37].at(2);
    float* const x13 = links[37].at(6);
    float* const x14 = links[37].at(7);
    float* const x15 = links[37].at(8);
    const Adam step37(x5, x11, x12, nullptr, links[37].at(5), x13, x14, x15, {links[37].number(1), links[37].number(2), links[37].number(3), links[37].number(4), links[37].number(5) != 0});
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      __builtin_prefetch(x7 + group + kAhead);
      __builtin_prefetch(x7 + group + kAhead + 16);
      __builtin_prefetch(x8 + group + kAhead);
      __builtin_prefetch(x8 + group + kAhead + 16);
      __builtin_prefetch(x9 + group + kAhead);
      __builtin_prefetch(x9 + group + kAhead + 16);
      __builtin_prefetch(x10 + group + kAhead);
      __builtin_prefetch(x10 + group + kAhead + 16);
      __builtin_prefetch(x11 + group + kAhead);
      __builtin_prefetch(x11 + group + kAhead + 16);
      __builtin_prefetch(x12 + group + kAhead);
      __builtin_prefetch(x12 + group + kAhead + 16);
      __builtin_prefetch(x13 + group + kAhead);
      __builtin_prefetch(x13 + group + kAhead + 16);
      __builtin_prefetch(x14 + group + kAhead);
      __builtin_prefetch(x14 + group + kAhead + 16);
      __builtin_prefetch(x15 + group + kAhead);
      __builtin_prefetch(x15 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec t1v0 = rounded(value1);
        const Vec t1v1 = rounded(value1);
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(x2v0, t1v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(x2v1, t1v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec t3v0 = rounded(apply<BinaryOperation::Multiply>(t2v0, x3v0));
        const Vec t3v1 = rounded(apply<BinaryOperation::Multiply>(t2v1, x3v1));
        const Vec x4v0 = load(x4 + i0);
        const Vec x4v1 = load(x4 + i1);
        const Vec t4v0 = rounded(apply<UnaryOperation::Square>(x4v0, Vec{}, Vec{}));
        const Vec t4v1 = rounded(apply<UnaryOperation::Square>(x4v1, Vec{}, Vec{}));
        const Vec t5v0 = rounded(apply<BinaryOperation::Add>(t4v0, c0v));
        const Vec t5v1 = rounded(apply<BinaryOperation::Add>(t4v1, c0v));
        const Vec t6v0 = rounded(apply<UnaryOperation::Log>(t5v0, Vec{}, Vec{}));
        const Vec t6v1 = rounded(apply<UnaryOperation::Log>(t5v1, Vec{}, Vec{}));
        const Vec x5v0 = load(x5 + i0);
        const Vec x5v1 = load(x5 + i1);
        const Vec t7v0 = rounded(apply<BinaryOperation::Sub>(x5v0, t6v0));
        const Vec t7v1 = rounded(apply<BinaryOperation::Sub>(x5v1, t6v1));
        const Vec t8v0 = rounded(apply<UnaryOperation::ClipByValue>(t7v0, first8, second8));
        const Vec t8v1 = rounded(apply<UnaryOperation::ClipByValue>(t7v1, first8, second8));
        const Vec t9v0 = rounded(apply<BinaryOperation::Multiply>(t8v0, c1v));
        const Vec t9v1 = rounded(apply<BinaryOperation::Multiply>(t8v1, c1v));
        const Vec t10v0 = rounded(apply<BinaryOperation::Add>(t9v0, c2v));
        const Vec t10v1 = rounded(apply<BinaryOperation::Add>(t9v1, c2v));
        const Vec t11v0 = rounded(apply<UnaryOperation::Sigmoid>(t10v0, Vec{}, Vec{}));
        const Vec t11v1 = rounded(apply<UnaryOperation::Sigmoid>(t10v1, Vec{}, Vec{}));
        const Vec t12v0 = rounded(apply<UnaryOperation::Neg>(t8v0, Vec{}, Vec{}));
        const Vec t12v1 = rounded(apply<UnaryOperation::Neg>(t8v1, Vec{}, Vec{}));
        const Vec t13v0 = rounded(apply<UnaryOperation::Exp>(t12v0, Vec{}, Vec{}));
        const Vec t13v1 = rounded(apply<UnaryOperation::Exp>(t12v1, Vec{}, Vec{}));
        const Vec t14v0 = rounded(apply<BinaryOperation::Add>(t13v0, c3v));
        const Vec t14v1 = rounded(apply<BinaryOperation::Add>(t13v1, c3v));
        sum0.addVector(v + 0, t11v0);
        sum0.addVector(v + 1, t11v1);
        const Vec t15v0 = rounded(apply<UnaryOperation::Log>(t14v0, Vec{}, Vec{}));
        const Vec t15v1 = rounded(apply<UnaryOperation::Log>(t14v1, Vec{}, Vec{}));
        sum1.addVector(v + 0, t15v0);
        sum1.addVector(v + 1, t15v1);
        const Vec t16v0 = rounded(apply<BinaryOperation::Sub>(c6v, t11v0));
        const Vec t16v1 = rounded(apply<BinaryOperation::Sub>(c6v, t11v1));
        const Vec t17v0 = rounded(apply<BinaryOperation::Multiply>(t11v0, t16v0));
        const Vec t17v1 = rounded(apply<BinaryOperation::Multiply>(t11v1, t16v1));
        const Vec t18v0 = rounded(apply<BinaryOperation::Multiply>(t17v0, c7v));
        const Vec t18v1 = rounded(apply<BinaryOperation::Multiply>(t17v1, c7v));
        const Vec t19v0 = rounded(apply<BinaryOperation::RealDiv>(t13v0, t14v0));
        const Vec t19v1 = rounded(apply<BinaryOperation::RealDiv>(t13v1, t14v1));
        const Vec t20v0 = rounded(apply<BinaryOperation::Multiply>(t19v0, c8v));
        const Vec t20v1 = rounded(apply<BinaryOperation::Multiply>(t19v1, c8v));
        const Vec t21v0 = rounded(apply<BinaryOperation::Add>(t18v0, t20v0));
        const Vec t21v1 = rounded(apply<BinaryOperation::Add>(t18v1, t20v1));
        const Vec t22v0 = rounded(apply<BinaryOperation::Multiply>(t21v0, c9v));
        const Vec t22v1 = rounded(apply<BinaryOperation::Multiply>(t21v1, c9v));
        const IntVec t1_0v0 = t7v0 >= c10v;
        const IntVec t1_0v1 = t7v1 >= c10v;
        const IntVec t1_1v0 = t7v0 <= c11v;
        const IntVec t1_1v1 = t7v1 <= c11v;
        const IntVec t1_2v0 = t1_0v0 & t1_1v0;
        const IntVec t1_2v1 = t1_0v1 & t1_1v1;
        const Vec t23v0 = rounded(value28);
        const Vec t23v1 = rounded(value28);
        const Vec t24v0 = rounded(t1_2v0 ? t22v0 : t23v0);
        const Vec t24v1 = rounded(t1_2v1 ? t22v1 : t23v1);
        const Vec t25v0 = rounded(apply<UnaryOperation::Neg>(t24v0, Vec{}, Vec{}));
        const Vec t25v1 = rounded(apply<UnaryOperation::Neg>(t24v1, Vec{}, Vec{}));
        const Vec t26v0 = rounded(apply<BinaryOperation::RealDiv>(t25v0, t5v0));
        const Vec t26v1 = rounded(apply<BinaryOperation::RealDiv>(t25v1, t5v1));
        const Vec t27v0 = rounded(apply<BinaryOperation::Multiply>(x4v0, c12v));
        const Vec t27v1 = rounded(apply<BinaryOperation::Multiply>(x4v1, c12v));
        const Vec t28v0 = rounded(apply<BinaryOperation::Multiply>(t26v0, t27v0));
        const Vec t28v1 = rounded(apply<BinaryOperation::Multiply>(t26v1, t27v1));
        const Vec t29v0 = rounded(apply<BinaryOperation::Add>(t0v0, t28v0));
        const Vec t29v1 = rounded(apply<BinaryOperation::Add>(t0v1, t28v1));
        const Vec t30v0 = rounded(apply<BinaryOperation::Add>(t3v0, t24v0));
        const Vec t30v1 = rounded(apply<BinaryOperation::Add>(t3v1, t24v1));
        step36.update(i0, t29v0, Whole{});
        step36.update(i1, t29v1, Whole{});
        step37.update(i0, t30v0, Whole{});
        step37.update(i1, t30v1, Whole{});
      }
    }
    sums[0] = sum0;
    sums[1] = sum1;
  });
}

// weight elimination: penalty, its gradient and the update, Adam
KERNEL(Chain713de85c6e99, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[1].at(1);
    const Vec c0v = splat(*c0);
    const float* const c1 = links[2].at(1);
    const Vec c1v = splat(*c1);
    RunSum sum0 = sums[0];
    const float* const c3 = links[5].at(1);
    const Vec c3v = splat(*c3);
    float* const x1 = links[8].at(0);
    float* const x2 = links[9].at(1);
    float* const x3 = links[9].at(2);
    float* const x4 = links[9].at(6);
    float* const x5 = links[9].at(7);
    float* const x6 = links[9].at(8);
    const Adam step9(x0, x2, x3, nullptr, links[9].at(5), x4, x5, x6, {links[9].number(1), links[9].number(2), links[9].number(3), links[9].number(4), links[9].number(5) != 0});
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Square>(x0v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Square>(x0v1, Vec{}, Vec{}));
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(t0v0, c0v));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(t0v1, c0v));
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(t1v0, c1v));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(t1v1, c1v));
        const Vec t3v0 = rounded(apply<BinaryOperation::RealDiv>(t1v0, t2v0));
        const Vec t3v1 = rounded(apply<BinaryOperation::RealDiv>(t1v1, t2v1));
        sum0.addVector(v + 0, t3v0);
        sum0.addVector(v + 1, t3v1);
        const Vec t4v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c3v));
        const Vec t4v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c3v));
        const Vec t5v0 = rounded(apply<UnaryOperation::Square>(t2v0, Vec{}, Vec{}));
        const Vec t5v1 = rounded(apply<UnaryOperation::Square>(t2v1, Vec{}, Vec{}));
        const Vec t6v0 = rounded(apply<BinaryOperation::RealDiv>(t4v0, t5v0));
        const Vec t6v1 = rounded(apply<BinaryOperation::RealDiv>(t4v1, t5v1));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t7v0 = rounded(apply<BinaryOperation::Add>(x1v0, t6v0));
        const Vec t7v1 = rounded(apply<BinaryOperation::Add>(x1v1, t6v1));
        step9.update(i0, t7v0, Whole{});
        step9.update(i1, t7v1, Whole{});
      }
    }
    sums[0] = sum0;
  });
}

// L2 penalty: its sum, its gradient and the update, Adam
KERNEL(Chaind8501de5f76b, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    RunSum sum0 = sums[0];
    const float* const c1 = links[2].at(1);
    const Vec c1v = splat(*c1);
    float* const x1 = links[3].at(0);
    float* const x2 = links[4].at(1);
    float* const x3 = links[4].at(2);
    float* const x4 = links[4].at(6);
    float* const x5 = links[4].at(7);
    float* const x6 = links[4].at(8);
    const Adam step4(x0, x2, x3, nullptr, links[4].at(5), x4, x5, x6, {links[4].number(1), links[4].number(2), links[4].number(3), links[4].number(4), links[4].number(5) != 0});
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<UnaryOperation::Square>(x0v0, Vec{}, Vec{}));
        const Vec t0v1 = rounded(apply<UnaryOperation::Square>(x0v1, Vec{}, Vec{}));
        sum0.addVector(v + 0, t0v0);
        sum0.addVector(v + 1, t0v1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c1v));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c1v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(x1v0, t1v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(x1v1, t1v1));
        step4.update(i0, t2v0, Whole{});
        step4.update(i1, t2v1, Whole{});
      }
    }
    sums[0] = sum0;
  });
}

// local reparametrisation: noise on what a layer gives, backward, 3
KERNEL(Chain561e7047b6b6, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x1 = links[1].at(0);
    float* const x3 = links[2].at(2);
    float* const x2 = links[2].at(1);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x1v0, t0v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x1v1, t0v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec x3v0 = rounded(apply<BinaryOperation::Add>(t1v0, x2v0));
        const Vec x3v1 = rounded(apply<BinaryOperation::Add>(t1v1, x2v1));
        store(x3 + i0, x3v0);
        store(x3 + i1, x3v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, backward, 4
KERNEL(Chain6ab147a04c7f, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    float* const x2 = links[1].at(0);
    const float* const c0 = links[2].at(1);
    const Vec c0v = splat(*c0);
    float* const x3 = links[3].at(2);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t1v0 = rounded(apply<UnaryOperation::Sqrt>(x2v0, Vec{}, Vec{}));
        const Vec t1v1 = rounded(apply<UnaryOperation::Sqrt>(x2v1, Vec{}, Vec{}));
        const Vec t2v0 = rounded(apply<BinaryOperation::Multiply>(t1v0, c0v));
        const Vec t2v1 = rounded(apply<BinaryOperation::Multiply>(t1v1, c0v));
        const Vec x3v0 = rounded(apply<BinaryOperation::RealDiv>(t0v0, t2v0));
        const Vec x3v1 = rounded(apply<BinaryOperation::RealDiv>(t0v1, t2v1));
        store(x3 + i0, x3v0);
        store(x3 + i1, x3v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, backward, 5
KERNEL(Chainf5871a06e3e1, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x1 = links[1].at(0);
    float* const x2 = links[2].at(0);
    float* const x4 = links[3].at(2);
    float* const x3 = links[3].at(1);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x1v0, t0v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x1v1, t0v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(x2v0, t1v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(x2v1, t1v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec x4v0 = rounded(apply<BinaryOperation::Add>(t2v0, x3v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::Add>(t2v1, x3v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
      }
    }

  });
}

// local reparametrisation: noise on what a layer gives, backward, 6
KERNEL(Chainae5251e422e5, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x1 = links[1].at(0);
    float* const x2 = links[2].at(1);
    float* const x4 = links[3].at(2);
    float* const x3 = links[3].at(1);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x1v0, t0v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x1v1, t0v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t2v0 = rounded(apply<BinaryOperation::Add>(t1v0, x2v0));
        const Vec t2v1 = rounded(apply<BinaryOperation::Add>(t1v1, x2v1));
        const Vec x3v0 = load(x3 + i0);
        const Vec x3v1 = load(x3 + i1);
        const Vec x4v0 = rounded(apply<BinaryOperation::Add>(t2v0, x3v0));
        const Vec x4v1 = rounded(apply<BinaryOperation::Add>(t2v1, x3v1));
        store(x4 + i0, x4v0);
        store(x4 + i1, x4v1);
      }
    }

  });
}

// straight-through mask: gradients and updates of weight and scores, Adam
KERNEL(Chainffe54565be0b, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    float* const x2 = links[1].at(1);
    float* const x3 = links[2].at(1);
    float* const x4 = links[2].at(2);
    float* const x5 = links[2].at(6);
    float* const x6 = links[2].at(7);
    float* const x7 = links[2].at(8);
    const Adam step2(x2, x3, x4, nullptr, links[2].at(5), x5, x6, x7, {links[2].number(1), links[2].number(2), links[2].number(3), links[2].number(4), links[2].number(5) != 0});
    float* const x8 = links[3].at(0);
    float* const x9 = links[3].at(1);
    float* const x10 = links[3].at(2);
    float* const x11 = links[3].at(6);
    float* const x12 = links[3].at(7);
    float* const x13 = links[3].at(8);
    const Adam step3(x8, x9, x10, nullptr, links[3].at(5), x11, x12, x13, {links[3].number(1), links[3].number(2), links[3].number(3), links[3].number(4), links[3].number(5) != 0});
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x4 + group + kAhead);
      __builtin_prefetch(x4 + group + kAhead + 16);
      __builtin_prefetch(x5 + group + kAhead);
      __builtin_prefetch(x5 + group + kAhead + 16);
      __builtin_prefetch(x6 + group + kAhead);
      __builtin_prefetch(x6 + group + kAhead + 16);
      __builtin_prefetch(x7 + group + kAhead);
      __builtin_prefetch(x7 + group + kAhead + 16);
      __builtin_prefetch(x8 + group + kAhead);
      __builtin_prefetch(x8 + group + kAhead + 16);
      __builtin_prefetch(x9 + group + kAhead);
      __builtin_prefetch(x9 + group + kAhead + 16);
      __builtin_prefetch(x10 + group + kAhead);
      __builtin_prefetch(x10 + group + kAhead + 16);
      __builtin_prefetch(x11 + group + kAhead);
      __builtin_prefetch(x11 + group + kAhead + 16);
      __builtin_prefetch(x12 + group + kAhead);
      __builtin_prefetch(x12 + group + kAhead + 16);
      __builtin_prefetch(x13 + group + kAhead);
      __builtin_prefetch(x13 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec t1v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x2v0));
        const Vec t1v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x2v1));
        step2.update(i0, t0v0, Whole{});
        step2.update(i1, t0v1, Whole{});
        step3.update(i0, t1v0, Whole{});
        step3.update(i1, t1v1, Whole{});
      }
    }

  });
}

// gates with noise: forward
KERNEL(Chainf7dc695168f6, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    const float* const c0 = links[0].at(1);
    const Vec c0v = splat(*c0);
    float* const x1 = links[1].at(2);
    const float* const c1 = links[1].at(0);
    const Vec c1v = splat(*c1);
    float* const x3 = links[2].at(2);
    float* const x2 = links[2].at(0);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, c0v));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, c0v));
        const Vec x1v0 = rounded(apply<BinaryOperation::Add>(c1v, t0v0));
        const Vec x1v1 = rounded(apply<BinaryOperation::Add>(c1v, t0v1));
        store(x1 + i0, x1v0);
        store(x1 + i1, x1v1);
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec x3v0 = rounded(apply<BinaryOperation::Multiply>(x2v0, x1v0));
        const Vec x3v1 = rounded(apply<BinaryOperation::Multiply>(x2v1, x1v1));
        store(x3 + i0, x3v0);
        store(x3 + i1, x3v1);
      }
    }

  });
}

// gates with noise: backward
KERNEL(Chain6f94bc45c43e, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
    float* const x0 = links[0].at(0);
    float* const x1 = links[0].at(1);
    float* const x3 = links[1].at(2);
    float* const x2 = links[1].at(1);
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
      __builtin_prefetch(x0 + group + kAhead);
      __builtin_prefetch(x0 + group + kAhead + 16);
      __builtin_prefetch(x1 + group + kAhead);
      __builtin_prefetch(x1 + group + kAhead + 16);
      __builtin_prefetch(x3 + group + kAhead);
      __builtin_prefetch(x3 + group + kAhead + 16);
      __builtin_prefetch(x2 + group + kAhead);
      __builtin_prefetch(x2 + group + kAhead + 16);
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
        const Vec x0v0 = load(x0 + i0);
        const Vec x0v1 = load(x0 + i1);
        const Vec x1v0 = load(x1 + i0);
        const Vec x1v1 = load(x1 + i1);
        const Vec t0v0 = rounded(apply<BinaryOperation::Multiply>(x0v0, x1v0));
        const Vec t0v1 = rounded(apply<BinaryOperation::Multiply>(x0v1, x1v1));
        const Vec x2v0 = load(x2 + i0);
        const Vec x2v1 = load(x2 + i1);
        const Vec x3v0 = rounded(apply<BinaryOperation::ReluGrad>(t0v0, x2v0));
        const Vec x3v1 = rounded(apply<BinaryOperation::ReluGrad>(t0v1, x2v1));
        store(x3 + i0, x3v0);
        store(x3 + i1, x3v1);
      }
    }

  });
}
