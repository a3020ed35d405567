// Kernels that move elements (4 bytes wide) without changing them.
#include <algorithm>
#include <cstring>

#include "call.h"
#include "threads.h"

namespace {

// Rows of `width` elements: row r of the dense side lies r * width in, and offset(r) in on the strided side.
struct View {
  static constexpr int kMaxRank = 8;
  int rank;
  int64_t start, sizes[kMaxRank] = {}, strides[kMaxRank] = {}, total = 1;
  explicit View(const Call& call) : rank(static_cast<int>(call.integer(0))), start(call.integer(1)) {
    for (int d = 0; d < rank; ++d) {
      sizes[d] = call.integer(2 + d), strides[d] = call.integer(2 + rank + d);
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
// operands: from, to; numbers: rank, start offset, sizes ..., strides of the source ...
KERNEL(Gather) {
  const View view(call);
  const int32_t* from = call.in<int32_t>(0);
  int32_t* to = call.out<int32_t>(1);
  eachPiece(view, [&](int64_t strided, int64_t dense, int64_t count) {
    if (view.step() == 1) {
      std::memcpy(to + dense, from + strided, static_cast<size_t>(count) * 4);
    } else {
      for (int64_t i = 0; i < count; ++i) to[dense + i] = from[strided + i * view.step()];
    }
  });
}

// Copies a dense tensor into a strided view of another: concatenation, padding. The view's rows are contiguous.
// operands: from, to; numbers: rank, start offset, sizes ..., strides of the target ...
KERNEL(Scatter) {
  const View view(call);
  const int32_t* from = call.in<int32_t>(0);
  int32_t* to = call.out<int32_t>(1);
  eachPiece(view, [&](int64_t strided, int64_t dense, int64_t count) {
    std::memcpy(to + strided, from + dense, static_cast<size_t>(count) * 4);
  });
}
