// The shape of a convolution.
#pragma once
#include "call.h"

struct ConvShape {
  int64_t images, height, width, channels;                     // input
  int64_t outHeight, outWidth, outChannels;                    // output
  int64_t filterHeight, filterWidth, strideY, strideX, dilationY, dilationX, top, left;
};

// Numbers of every convolution call, in this order.
inline ConvShape shapeOf(const Call& call) {
  int64_t n[15];
  for (int i = 0; i < 15; ++i) n[i] = call.integer(i);
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14]};
}
