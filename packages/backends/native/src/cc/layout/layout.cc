// Kernels that move elements (4 bytes wide) without changing them.
#include <algorithm>
#include <cstring>

#include "addon/call.h"
#include "runtime/threads.h"

namespace {

// Rows of `width` elements: row r of the dense side lies r * width in, and offset(r) in on the strided side.
struct View {
  static constexpr int kMaxRank = 8;
  int rank;
  int64_t start, sizes[kMaxRank] = {}, strides[kMaxRank] = {}, total = 1;
  // From `rankAt` on the call's numbers are: rank, start, sizes ..., strides of the strided side ...
  template <class Number>
  View(const Call& call, Number rankAt) : rank(static_cast<int>(call.integer(rankAt))) {
    const int at = static_cast<int>(rankAt) + 1;
    start = call.integer(at);
    for (int d = 0; d < rank; ++d) {
      sizes[d] = call.integer(at + 1 + d), strides[d] = call.integer(at + 1 + rank + d);
      total *= sizes[d];
    }
  }
  int64_t width() const { return sizes[rank - 1]; }
  int64_t step() const { return strides[rank - 1]; }
  int64_t offset(int64_t row) const {
    int64_t at = start;
    for (int d = rank - 2; d >= 0; --d) {
      at += row % sizes[d] * strides[d];
      row /= sizes[d];
    }
    return at;
  }
};

// Calls copy(strided offset, dense offset, count) for pieces of rows.
template <class Copy>
void eachPiece(const View& view, Copy&& copy) {
  parallelRange(view.total, 16384, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t first = begin % view.width(), count = std::min(end - begin, view.width() - first);
      copy(view.offset(begin / view.width()) + first * view.step(), begin, count);
      begin += count;
    }
  });
}

}  // namespace

// Copies a strided view into a dense tensor: transposition, slices.
KERNEL(Gather, (from, OUT(to)), (rank, start, EACH(sizes), EACH(strides))) {
  const View view(call, Number::rank);
  const int32_t* from = call.in<int32_t>(Operand::from);
  int32_t* to = call.out<int32_t>(Operand::to);
  eachPiece(view, [&](int64_t strided, int64_t dense, int64_t count) {
    if (view.step() == 1) {
      std::memcpy(to + dense, from + strided, static_cast<size_t>(count) * 4);
    } else {
      for (int64_t i = 0; i < count; ++i) to[dense + i] = from[strided + i * view.step()];
    }
  });
}

// Copies a dense tensor into a strided view of another: concatenation, padding. The view's rows are contiguous.
KERNEL(Scatter, (from, OUT(to)), (rank, start, EACH(sizes), EACH(strides))) {
  const View view(call, Number::rank);
  const int32_t* from = call.in<int32_t>(Operand::from);
  int32_t* to = call.out<int32_t>(Operand::to);
  eachPiece(view, [&](int64_t strided, int64_t dense, int64_t count) {
    std::memcpy(to + strided, from + dense, static_cast<size_t>(count) * 4);
  });
}
