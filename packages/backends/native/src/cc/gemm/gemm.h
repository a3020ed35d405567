// Single-precision matrix product: C[M,N] = op(A) op(B), row-major, with optional bias over columns and ReLU.
#pragma once
#include <cstdint>

struct Gemm {
  bool transposeA, transposeB;
  int64_t m, n, k;
  const float *a, *b;
  float* c;
  int64_t lda, ldb, ldc;
  const float* bias;  // n floats or null
  bool relu;
};

void gemm(const Gemm& g);
