// Matrix products of tensors (the product itself: multiply.h).
#include "gemm/gemm.h"

#include "addon/call.h"
#include "gemm/multiply.h"
#include "runtime/threads.h"

namespace {

void fillWithoutDepth(const Gemm& g) {
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      const float value = g.bias ? g.bias[j] : 0;
      g.c[i * g.ldc + j] = g.relu ? relu(value) : value;
    }
}

}  // namespace

void gemm(const Gemm& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) return fillWithoutDepth(g);
  multiply(g, Store{g, {}});
}

// strideA and strideB lie between the matrices of a batch; 0 repeats one.
KERNEL(MatMul, (a, b, OPTIONAL(bias), OUT(out)), (batch, m, n, k, transposeA, transposeB, strideA, strideB, relu)) {
  const int64_t batch = call.integer(Number::batch), m = call.integer(Number::m), n = call.integer(Number::n);
  const int64_t k = call.integer(Number::k);
  const bool transposeA = call.flag(Number::transposeA), transposeB = call.flag(Number::transposeB);
  const auto product = [&](int64_t i) {
    gemm({transposeA, transposeB, m, n, k, call.in<float>(Operand::a) + i * call.integer(Number::strideA),
          call.in<float>(Operand::b) + i * call.integer(Number::strideB),
          call.out<float>(Operand::out) + i * m * n, transposeA ? m : k, transposeB ? k : n, n, call.in<float>(Operand::bias),
          call.flag(Number::relu)});
  };
  // Many small products are shared out whole; a few large ones are each cut up.
  if (batch > 1 && m * n * k < 1000000) {
    parallel(batch, product);
  } else {
    for (int64_t i = 0; i < batch; ++i) product(i);
  }
}
