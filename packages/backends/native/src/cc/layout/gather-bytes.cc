// Rows of bytes as numbers, by a table: what fills a batch from a data set.
#include <algorithm>
#include <cstdint>

#include "addon/call.h"
#include "runtime/threads.h"

namespace {

constexpr int64_t kLine = 64;  // bytes of a cache line

}  // namespace

// out[i, k] = table[k mod channels, bytes[rows[i], k]] for `count` rows of `size` bytes. Rows lie anywhere in memory, so the next one
// is asked for while this one is read.
KERNEL(GatherBytes, (bytes, table, rows, OUT(out)), (count, size, channels)) {
  const int64_t count = call.integer(Number::count), size = call.integer(Number::size), channels = call.integer(Number::channels);
  const uint8_t* bytes = call.in<uint8_t>(Operand::bytes);
  const uint32_t* rows = call.in<uint32_t>(Operand::rows);
  const float* table = call.in<float>(Operand::table);
  float* out = call.out<float>(Operand::out);
  parallelRange(count, std::max<int64_t>(1, 65536 / (size + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* from = bytes + rows[i] * size;
      float* to = out + i * size;
      if (i + 1 < end)
        for (int64_t k = 0; k < size; k += kLine) __builtin_prefetch(bytes + rows[i + 1] * size + k);
      if (channels == 1) {
        for (int64_t k = 0; k < size; ++k) to[k] = table[from[k]];
      } else {
        for (int64_t k = 0; k < size; k += channels)
          for (int64_t c = 0; c < channels; ++c) to[k + c] = table[c << 8 | from[k + c]];
      }
    }
  });
}
