// The sum of a contiguous run, in an order that depends on its length alone.
#pragma once
#include <cstdint>

#include "simd/simd.h"

constexpr int64_t kSumChunk = 16384;  // elements of a run; the sums of runs are added in float64, in their order

class RunSum {
 public:
  // The next elements. All pieces but the last have whole groups of four vectors.
  void add(const float* x, int64_t count) {
    int64_t i = 0;
    for (; i + 4 * kLanes <= count; i += 4 * kLanes)
      for (int v = 0; v < 4; ++v) acc_[v] += load(x + i + v * kLanes);
    for (; i + kLanes <= count; i += kLanes) acc_[0] += load(x + i);
    if (i < count) acc_[1] += loadPartial(x + i, count - i);
  }
  // Vector v of a group of four.
  void addVector(int v, Vec x) { acc_[v] += x; }
  float total() const { return sumLanes((acc_[0] + acc_[1]) + (acc_[2] + acc_[3])); }

 private:
  Vec acc_[4] = {};
};

inline float sumOfRuns(const float* totals, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += totals[i];
  return static_cast<float>(sum);
}
