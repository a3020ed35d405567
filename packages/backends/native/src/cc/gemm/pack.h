// Operands of matrix products laid out as the register tiles read them (micro.h): panels of A as [k][kRows], panels of B as
// [k][width], so that each step of K is contiguous.
#pragma once
#include <cstdint>

#include "gemm/gemm.h"

// to[k * stride + r] = from[r * ld + k] for r < rows, k < depth.
void packTransposed(const float* from, int64_t ld, int64_t rows, int64_t depth, float* to, int64_t stride);
// Packs all panels of A as [k][kRows]; panel p is at to + p * kRows * k.
void packRows(const Gemm& g, float* to);
// Packs `count` columns of B from `b` on, `depth` deep, as a panel of `width` columns, zeros behind them.
void packPanel(const float* b, int64_t ldb, bool transposed, int64_t count, int64_t width, int64_t depth, float* to);
// Packs panels of B[k][n] (row stride ldb) as the micro-kernels want them; panel p starts at column p * kColumns and at
// to + p * kColumns * k.
void packPanels(const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k, float* to);
