// Two operands broadcast against each other: the shape after merging dimensions, and the rows to run over.
#pragma once
#include <algorithm>
#include <cstdint>

#include "addon/call.h"
#include "runtime/threads.h"

// `rank` dimensions, outermost first, with the strides of a and b in each (0 where broadcast). In the innermost one an
// operand's stride is 1 or 0.
struct Broadcast {
  static constexpr int kMaxRank = 8;
  int rank;
  int64_t sizes[kMaxRank] = {}, stridesA[kMaxRank] = {}, stridesB[kMaxRank] = {}, total = 1;
  // From `rankAt` on the call's numbers are: rank, sizes ..., strides of a ..., strides of b ...
  template <class Number>
  Broadcast(const Call& call, Number rankAt) : rank(static_cast<int>(call.integer(rankAt))) {
    const int at = static_cast<int>(rankAt) + 1;
    for (int d = 0; d < rank; ++d) {
      sizes[d] = call.integer(at + d), stridesA[d] = call.integer(at + rank + d), stridesB[d] = call.integer(at + 2 * rank + d);
      total *= sizes[d];
    }
  }
};

// Calls row(offset in a, stride in a, offset in b, stride in b, offset in the output, count) for pieces of the innermost
// dimension, `grain` elements to a task.
template <class Row>
void eachRow(const Broadcast& shape, int64_t grain, Row&& row) {
  const int inner = shape.rank - 1;
  const int64_t width = shape.sizes[inner], stepA = shape.stridesA[inner], stepB = shape.stridesB[inner];
  parallelRange(shape.total, grain, [&](int64_t begin, int64_t end) {
    int64_t index[Broadcast::kMaxRank], atA = 0, atB = 0, rest = begin / width;
    for (int d = inner - 1; d >= 0; --d) {
      index[d] = rest % shape.sizes[d];
      rest /= shape.sizes[d];
      atA += index[d] * shape.stridesA[d], atB += index[d] * shape.stridesB[d];
    }
    int64_t first = begin % width;
    while (begin < end) {
      const int64_t count = std::min(end - begin, width - first);
      row(atA + first * stepA, stepA, atB + first * stepB, stepB, begin, count);
      begin += count, first = 0;
      for (int d = inner - 1; d >= 0; --d) {
        atA += shape.stridesA[d], atB += shape.stridesB[d];
        if (++index[d] < shape.sizes[d]) break;
        atA -= index[d] * shape.stridesA[d], atB -= index[d] * shape.stridesB[d];
        index[d] = 0;
      }
    }
  });
}

// out[i] = op(a, b) one element at a time, in loops that the compiler turns into vectors where it can.
template <class From, class To, class Operator>
void broadcastScalars(const Broadcast& shape, const From* a, const From* b, To* out, Operator&& op) {
  eachRow(shape, 16384, [&](int64_t atA, int64_t stepA, int64_t atB, int64_t stepB, int64_t at, int64_t count) {
    const From *x = a + atA, *y = b + atB;
    To* to = out + at;
    if (stepA == 1 && stepB == 1) {
      for (int64_t i = 0; i < count; ++i) to[i] = op(x[i], y[i]);
    } else if (stepB == 0) {
      const From right = *y;
      for (int64_t i = 0; i < count; ++i) to[i] = op(x[i * stepA], right);
    } else {
      const From left = *x;
      for (int64_t i = 0; i < count; ++i) to[i] = op(left, y[i]);
    }
  });
}
