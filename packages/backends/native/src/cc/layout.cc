// Kernels that move elements (4 bytes wide) without changing them.
#include <algorithm>
#include <cstring>

#include "call.h"
#include "threads.h"

// Copies a strided view into a dense tensor: transposition, slices, reversed axes.
// operands: from, to; numbers: rank, start offset, sizes ..., strides of the source ...
KERNEL(Gather) {
  constexpr int kMaxRank = 8;
  const int rank = static_cast<int>(call.integer(0));
  const int32_t* from = call.in<int32_t>(0) + call.integer(1);
  int32_t* to = call.out<int32_t>(1);
  int64_t sizes[kMaxRank], strides[kMaxRank], total = 1;
  for (int d = 0; d < rank; ++d) {
    sizes[d] = call.integer(2 + d), strides[d] = call.integer(2 + rank + d);
    total *= sizes[d];
  }
  const int64_t width = sizes[rank - 1], step = strides[rank - 1];
  parallelRange(total, 16384, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t rest = begin / width, offset = 0;
      const int64_t first = begin % width, count = std::min(end - begin, width - first);
      for (int d = rank - 2; d >= 0; --d) {
        offset += rest % sizes[d] * strides[d];
        rest /= sizes[d];
      }
      const int32_t* source = from + offset + first * step;
      if (step == 1) {
        std::memcpy(to + begin, source, static_cast<size_t>(count) * 4);
      } else {
        for (int64_t i = 0; i < count; ++i) to[begin + i] = source[i * step];
      }
      begin += count;
    }
  });
}
