// Kernels that go by indices: rows taken, rows summed by segment, one-hot rows.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "call.h"
#include "columns.h"
#include "threads.h"

// out[b, o, i] = x[b, o, indices[b, i]], rows of `width` elements of four bytes. The indices are within range.
// operands: x, indices, out; numbers: batches, outer, rows of x, width, indices in a batch
KERNEL(TakeRows) {
  const int64_t outer = call.integer(1), rows = call.integer(2), width = call.integer(3), count = call.integer(4);
  const int32_t *x = call.in<int32_t>(0), *indices = call.in<int32_t>(1);
  int32_t* out = call.out<int32_t>(2);
  parallelRange(call.integer(0) * outer * count, std::max<int64_t>(1, 16384 / (width + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t block = i / count, index = indices[block / outer * count + i % count];
      std::memcpy(out + i * width, x + (block * rows + index) * width, static_cast<size_t>(width) * 4);
    }
  });
}

// out[s] = sum of the rows of x whose segment is s; rows of other segments are left out.
// operands: x, segments, out; numbers: rows, width, segments
KERNEL(SumSegments) {
  const int64_t rows = call.integer(0), width = call.integer(1), segments = call.integer(2);
  const float* x = call.in<float>(0);
  const int32_t* segment = call.in<int32_t>(1);
  float* out = call.out<float>(2);
  // Tasks are blocks of columns, so that a segment's rows are added in order.
  parallelRange(width, 256, [&](int64_t begin, int64_t end) {
    for (int64_t s = 0; s < segments; ++s) std::fill(out + s * width + begin, out + s * width + end, 0.0f);
    for (int64_t row = 0; row < rows; ++row) {
      if (segment[row] < 0 || segment[row] >= segments) continue;
      float* to = out + segment[row] * width + begin;
      const float* from = x + row * width + begin;
      eachColumn(end - begin, [&](int64_t c, auto lanes) { lanes.put(to + c, lanes(to + c) + lanes(from + c)); });
    }
  });
}

// operands: indices, out; numbers: indices, depth, value on, value off, whether the output is int32 (else float32)
KERNEL(OneHot) {
  const int64_t depth = call.integer(1);
  const int32_t* indices = call.in<int32_t>(0);
  const auto write = [&](auto* out, auto on, auto off) {
    parallelRange(call.integer(0), std::max<int64_t>(1, 16384 / (depth + 1)), [&](int64_t begin, int64_t end) {
      std::fill(out + begin * depth, out + end * depth, off);
      for (int64_t i = begin; i < end; ++i)
        if (indices[i] >= 0 && indices[i] < depth) out[i * depth + indices[i]] = on;
    });
  };
  if (call.flag(4)) {
    write(call.out<int32_t>(1), static_cast<int32_t>(call.integer(2)), static_cast<int32_t>(call.integer(3)));
  } else {
    write(call.out<float>(1), static_cast<float>(call.number(2)), static_cast<float>(call.number(3)));
  }
}
