// The shape of a convolution.
#pragma once
#include "addon/call.h"

// Input [images, height, width, channels], output [images, outHeight, outWidth, outChannels]; zeros before the first row: `top`,
// before the first column: `left`. The first numbers of every convolution's call.
#define CONV_SHAPE                                                                                                   \
  images, height, width, channels, outHeight, outWidth, outChannels, filterHeight, filterWidth, strideY, strideX,   \
      dilationY, dilationX, top, left

struct ConvShape {
  int64_t CONV_SHAPE;

  // A window of one pixel, which is the pixel itself: the convolution is a matrix product.
  bool isPointwise() const {
    return filterHeight == 1 && filterWidth == 1 && strideY == 1 && strideX == 1 && top == 0 && left == 0 &&
           outHeight == height && outWidth == width;
  }
};

inline ConvShape shapeOf(const Call& call) {
  int64_t n[15];
  for (int i = 0; i < 15; ++i) n[i] = call.integer(i);
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14]};
}
