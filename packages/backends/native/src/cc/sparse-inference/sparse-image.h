// Programs for a single image.
#pragma once
#include <cstdint>

// Runs the images of a batch one after another, each operation cut up along its output channels. Lanes are neighbouring
// pixels there, so a value's cells are single floats.
void runImages(const double* program, const float* batch, float* result, int64_t images, float* arena);
