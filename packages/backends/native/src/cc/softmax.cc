// Softmax, its logarithm and the cross-entropy against integer labels, over the rows of [rows, classes].
#include <algorithm>
#include <cmath>
#include <limits>

#include "call.h"
#include "columns.h"
#include "math.h"
#include "threads.h"

namespace {

struct Row {
  float greatest, sum;  // of exp(x - greatest)
};

// Writes exp(x - greatest) to `out`.
Row exponentials(const float* x, int64_t classes, float* out) {
  Vec greatest = splat(-std::numeric_limits<float>::infinity());
  float last = -std::numeric_limits<float>::infinity();
  int64_t i = 0;
  for (; i + kLanes <= classes; i += kLanes) greatest = maximum(greatest, load(x + i));
  for (; i < classes; ++i) last = x[i] > last ? x[i] : last;
  for (int lane = 0; lane < kLanes; ++lane) last = greatest[lane] > last ? greatest[lane] : last;
  const Vec shift = splat(last);
  Vec sum{};
  eachColumn(classes, [&](int64_t c, auto lanes) { lanes.put(out + c, exponential(lanes(x + c) - shift)); });
  i = 0;
  for (; i + kLanes <= classes; i += kLanes) sum += load(out + i);
  if (i < classes) sum += loadPartial(out + i, classes - i);
  return {last, sumLanes(sum)};
}

int64_t rowGrain(int64_t classes) { return std::max<int64_t>(1, 4096 / (classes + 1)); }

}  // namespace

// operands: logits, out; numbers: rows, classes, logarithm
KERNEL(Softmax) {
  const int64_t classes = call.integer(1);
  const float* x = call.in<float>(0);
  float* y = call.out<float>(1);
  const bool logarithm = call.flag(2);
  parallelRange(call.integer(0), rowGrain(classes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* from = x + i * classes;
      float* to = y + i * classes;
      const Row row = exponentials(from, classes, to);
      const Vec scale = splat(1 / row.sum), shift = splat(row.greatest), logSum = splat(std::log(row.sum));
      eachColumn(classes, [&](int64_t c, auto lanes) {
        lanes.put(to + c, logarithm ? lanes(from + c) - shift - logSum : lanes(to + c) * scale);
      });
    }
  });
}

// loss = mean over rows of log(sum exp(x)) - x[label];  dlogits = (softmax(x) - onehot(label)) / rows.
// A label outside [0, classes) makes the loss NaN.
// operands: logits, int32 labels, loss, dlogits; numbers: rows, classes
KERNEL(SoftmaxCrossEntropy) {
  const int64_t rows = call.integer(0), classes = call.integer(1);
  const float* x = call.in<float>(0);
  const int32_t* labels = call.in<int32_t>(1);
  float* dx = call.out<float>(3);
  float* losses = scratch(Scratch::Partial, rows);
  const float share = 1.0f / static_cast<float>(rows);
  parallelRange(rows, rowGrain(classes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* from = x + i * classes;
      float* to = dx + i * classes;
      const Row row = exponentials(from, classes, to);
      const Vec scale = splat(share / row.sum);
      eachColumn(classes, [&](int64_t c, auto lanes) { lanes.put(to + c, lanes(to + c) * scale); });
      const int64_t label = labels[i];
      if (label < 0 || label >= classes) {
        losses[i] = std::numeric_limits<float>::quiet_NaN();
        continue;
      }
      to[label] -= share;
      losses[i] = std::log(row.sum) - (from[label] - row.greatest);
    }
  });
  double sum = 0;
  for (int64_t i = 0; i < rows; ++i) sum += losses[i];
  *call.out<float>(2) = static_cast<float>(sum / static_cast<double>(rows));
}
