// Convolutions (NHWC, filters HWIO) as matrix products over image windows, without an im2col matrix:
//   forward          rows = output pixels, K = taps x input channels, columns = output channels       (this file)
//   input gradient   the same product over the output gradient, one per phase of the stride, filters transposed; or, where that
//                    leaves most products empty, output pixels send their share to every tap            (conv-input-gradient.cc)
//   filter gradient  rows = taps x input channels, K = output pixels, columns = output channels        (conv-filter-gradient.cc)
#include <algorithm>

#include "addon/call.h"
#include "conv/conv.h"
#include "conv/windows.h"
#include "conv/winograd.h"
#include "gemm/gemm.h"
#include "gemm/micro.h"
#include "gemm/pack.h"
#include "runtime/arithmetic.h"
#include "runtime/threads.h"

using namespace windows;

KERNEL(Conv2D, (x, filter, OPTIONAL(bias), OUT(y)), (CONV_SHAPE, relu)) {
  const ConvShape s = shapeOf(call);
  const bool withRelu = call.flag(Number::relu);
  float* y = call.out<float>(Operand::y);
  if (s.images * s.outHeight * s.outWidth * s.outChannels == 0) return;
  if (s.isPointwise() || s.channels == 0) {
    const int64_t depth = s.channels == 0 ? 0 : s.channels;
    gemm({false, false, s.images * s.outHeight * s.outWidth, s.outChannels, depth, call.in<float>(Operand::x),
          call.in<float>(Operand::filter), y,
          depth, s.outChannels, s.outChannels, call.in<float>(Operand::bias), withRelu});
    return;
  }
  if (winogradPays(s)) {
    winogradForward(s, call.in<float>(Operand::x), call.in<float>(Operand::filter), call.in<float>(Operand::bias), withRelu, y);
    return;
  }
  const Grid grid = forwardGrid(s, call.in<float>(Operand::x));
  const int64_t depth = s.filterHeight * s.filterWidth * s.channels;
  float* packed = scratch(Scratch::PackedB, ceilDivide(s.outChannels, kColumns) * kColumns * depth);
  packPanels(call.in<float>(Operand::filter), s.outChannels, false, s.outChannels, depth, packed);
  const Output out{y, s.outHeight * s.outWidth * s.outChannels, s.outWidth * s.outChannels, s.outChannels, s.outChannels,
                   call.in<float>(Operand::bias), withRelu};
  convolve(grid, slicesOf(forwardRuns(s, grid.pitch())), packed, depth, out);
}
