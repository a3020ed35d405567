// 3 x 3 convolutions of stride 1 with 2.25 times fewer multiplications: Winograd's minimal filtering F(2x2, 3x3).
#pragma once
#include "conv/conv.h"

// Whether the transforms pay: enough channels to share their cost.
bool winogradPays(const ConvShape& s);

void winogradForward(const ConvShape& s, const float* x, const float* filter, const float* bias, bool relu, float* y);
void winogradInputGradient(const ConvShape& s, const float* dy, const float* filter, float* dx);
void winogradFilterGradient(const ConvShape& s, const float* x, const float* dy, float* dw);
