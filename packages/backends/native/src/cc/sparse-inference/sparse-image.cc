#include "sparse-inference/sparse-image.h"

#include <vector>

#include "runtime/arithmetic.h"
#include "runtime/threads.h"
#include "sparse-inference/sparse-ops.h"
#include "sparse/sparse-tile.h"

namespace {

constexpr int64_t kGrainFloats = 16384;

// Channels of a task: enough work to be worth a thread, whatever the number of threads.
int64_t channelGrain(int64_t channels, int64_t work) {
  const int64_t tasks = std::clamp<int64_t>(work / kGrainFloats, 1, 16);
  return std::max<int64_t>(1, ceilDivide(channels, tasks));
}

// Products of rows of weights with one vector of features.
void dotProducts(const Product& p, const Value& in, const Value& out, const Value& other, int64_t begin, int64_t end) {
  constexpr int kSide = 4;
  const Entry* entries = static_cast<const Entry*>(p.entries);
  for (int64_t o = begin; o < end; ++o) {
    const Entry* e = entries + p.starts[o];
    const Entry* const last = entries + p.starts[o + 1];
    float sums[kSide] = {p.bias[o]};
    for (; e + kSide <= last; e += kSide)
      for (int i = 0; i < kSide; ++i) sums[i] += e[i].weight * in.data[e[i].offset];
    for (; e != last; ++e) sums[0] += e->weight * in.data[e->offset];
    float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    if (p.residual) sum += *other.at(o, 0, 0);
    *out.at(o, 0, 0) = p.relu ? relu(sum) : sum;
  }
}

// A convolution over rows laid end to end: input and output have one pitch, so a weight is one shift for all pixels. What
// is computed for the padding between rows is overwritten with zeros.
void convolveRows(const Product& p, const Value& in, const Value& out, const Value& other, int64_t begin, int64_t end) {
  const Entry* entries = static_cast<const Entry*>(p.entries);
  const int64_t length = (out.height - 1) * out.pitch + out.width, vectors = ceilDivide(length, kLanes);
  const float* corner = in.at(0, -p.padTop, -p.padLeft);
  for (int64_t x = 0; x < vectors;) {
    const TileShape shape = entriesShape(1, std::min(p.tileColumns, vectors - x));
    const EntriesFunction kernel = entriesKernel(shape, kLanes);
    const int64_t left = length - (x + shape.columns - 1) * kLanes;
    Rectangle to{corner + x * kLanes, 0, kLanes, nullptr, 0, nullptr, 0, true, true, p.relu, std::min<int64_t>(kLanes, left)};
    for (int64_t pass = 0; pass < p.passes; ++pass) {
      const int32_t* starts = p.starts + pass * out.channels;
      to.first = pass == 0, to.last = pass + 1 == p.passes;
      for (int64_t o = begin; o < end; ++o) {
        to.out = out.at(o, 0, 0) + x * kLanes;
        to.residual = p.residual ? other.at(o, 0, 0) + x * kLanes : nullptr;
        kernel(to, entries + starts[o], entries + starts[o + 1], p.bias[o]);
      }
    }
    x += shape.columns;
  }
  for (int64_t o = begin; o < end; ++o)
    for (int64_t y = 0; y + 1 < out.height; ++y) std::fill_n(out.at(o, y, out.width), out.pitch - out.width, 0.0f);
}

void product(const Op& op, const Value& in, const Value& out, const Value& other) {
  const Product p(op);
  const int64_t pixels = out.height * out.width;
  const int64_t work = p.starts[p.passes * out.channels] * pixels;
  parallelRange(out.channels, channelGrain(out.channels, work), [&](int64_t begin, int64_t end) {
    if (in.rows * in.pitch == 1) {
      dotProducts(p, in, out, other, begin, end);
    } else {
      convolveRows(p, in, out, other, begin, end);
    }
  });
}

void loadImage(const float* image, const Value& to) {
  for (int64_t y = 0; y < to.height; ++y)
    for (int64_t x = 0; x < to.width; ++x)
      for (int64_t c = 0; c < to.channels; ++c) *to.at(c, y, x) = *image++;
}

void storeImage(const Value& from, float* image) {
  for (int64_t y = 0; y < from.height; ++y)
    for (int64_t x = 0; x < from.width; ++x)
      for (int64_t c = 0; c < from.channels; ++c) *image++ = *from.at(c, y, x);
}

}  // namespace

void runImages(const double* program, const float* batch, float* result, int64_t images, float* arena) {
  const int64_t ops = static_cast<int64_t>(program[static_cast<int>(ProgramWord::operations)]);
  for (int64_t image = 0; image < images; ++image)
    for (int64_t i = 0; i < ops; ++i) {
      const Op op{program + kHeaderWords + i * kOpWords};
      const Value in = op.in(arena, 1), out = op.out(arena, 1), other = op.other(arena, 1);
      switch (op.kind()) {
        case OpKind::load:
          loadImage(batch + image * op.integer(BatchParameter::features), out);
          break;
        case OpKind::store:
          storeImage(in, result + image * op.integer(BatchParameter::features));
          break;
        case OpKind::entries:
          product(op, in, out, other);
          break;
        default: {
          const int64_t work = out.channels * out.height * out.width * 4;
          parallelRange(out.channels, channelGrain(out.channels, work), [&](int64_t begin, int64_t end) {
            for (int64_t c = begin; c < end; ++c) cellwise<0>(op, in, out, other, c);
          });
        }
      }
    }
}
