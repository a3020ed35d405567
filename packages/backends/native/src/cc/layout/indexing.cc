// Kernels that go by indices: rows taken, rows summed by segment, one-hot rows.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/columns.h"

// out[b, o, i] = x[b, o, indices[b, i]] for `count` indices in a batch; rows of `width` elements of four bytes, `rows` of them in
// x. The indices are within range.
KERNEL(TakeRows, (x, indices, OUT(out)), (batches, outer, rows, width, count)) {
  const int64_t outer = call.integer(Number::outer), rows = call.integer(Number::rows), width = call.integer(Number::width);
  const int64_t count = call.integer(Number::count);
  const int32_t *x = call.in<int32_t>(Operand::x), *indices = call.in<int32_t>(Operand::indices);
  int32_t* out = call.out<int32_t>(Operand::out);
  parallelRange(call.integer(Number::batches) * outer * count, std::max<int64_t>(1, 16384 / (width + 1)),
                [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t block = i / count, index = indices[block / outer * count + i % count];
      std::memcpy(out + i * width, x + (block * rows + index) * width, static_cast<size_t>(width) * 4);
    }
  });
}

// out[s] = sum of the rows of x whose segment is s; rows of other segments are left out.
KERNEL(SumSegments, (x, segments, OUT(out)), (rows, width, count)) {
  const int64_t rows = call.integer(Number::rows), width = call.integer(Number::width), segments = call.integer(Number::count);
  const float* x = call.in<float>(Operand::x);
  const int32_t* segment = call.in<int32_t>(Operand::segments);
  float* out = call.out<float>(Operand::out);
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

// `integer`: whether the output is int32, else it is float32.
KERNEL(OneHot, (indices, OUT(out)), (count, depth, on, off, integer)) {
  const int64_t depth = call.integer(Number::depth);
  const int32_t* indices = call.in<int32_t>(Operand::indices);
  const auto write = [&](auto* out, auto on, auto off) {
    parallelRange(call.integer(Number::count), std::max<int64_t>(1, 16384 / (depth + 1)), [&](int64_t begin, int64_t end) {
      std::fill(out + begin * depth, out + end * depth, off);
      for (int64_t i = begin; i < end; ++i)
        if (indices[i] >= 0 && indices[i] < depth) out[i * depth + indices[i]] = on;
    });
  };
  if (call.flag(Number::integer)) {
    write(call.out<int32_t>(Operand::out), static_cast<int32_t>(call.integer(Number::on)),
          static_cast<int32_t>(call.integer(Number::off)));
  } else {
    write(call.out<float>(Operand::out), static_cast<float>(call.number(Number::on)),
          static_cast<float>(call.number(Number::off)));
  }
}
