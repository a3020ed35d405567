// Cutting a plane of cells into the rectangles that a register tile computes at once.
#pragma once
#include <cstdint>

// Calls body(first row, rows, first column, columns) for rectangles that cover so many rows; `largest(rows, columns)` gives
// the largest one that fits.
template <class Largest, class Body>
void eachRectangle(int64_t height, int64_t width, Largest&& largest, Body&& body) {
  for (int64_t y = 0; y < height;) {
    const int64_t rows = largest(height - y, width).rows;
    for (int64_t x = 0; x < width;) {
      const int64_t columns = largest(rows, width - x).columns;
      body(y, rows, x, columns);
      x += columns;
    }
    y += rows;
  }
}
