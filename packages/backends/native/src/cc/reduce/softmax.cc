// Softmax, its logarithm and the cross-entropy against integer labels, over the rows of [rows, classes].
#include <algorithm>
#include <cmath>
#include <limits>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "simd/math.h"

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

KERNEL(Softmax, (logits, OUT(out)), (rows, classes, logarithm)) {
  const int64_t classes = call.integer(Number::classes);
  const float* x = call.in<float>(Operand::logits);
  float* y = call.out<float>(Operand::out);
  const bool logarithm = call.flag(Number::logarithm);
  parallelRange(call.integer(Number::rows), rowGrain(classes), [&](int64_t begin, int64_t end) {
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
// Labels are int32; one outside [0, classes) makes the loss NaN.
KERNEL(SoftmaxCrossEntropy, (logits, labels, OUT(loss), OUT(dlogits)), (rows, classes)) {
  const int64_t rows = call.integer(Number::rows), classes = call.integer(Number::classes);
  const float* x = call.in<float>(Operand::logits);
  const int32_t* labels = call.in<int32_t>(Operand::labels);
  float* dx = call.out<float>(Operand::dlogits);
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
  *call.out<float>(Operand::loss) = static_cast<float>(sum / static_cast<double>(rows));
}
