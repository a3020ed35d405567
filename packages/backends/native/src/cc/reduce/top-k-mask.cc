// A 0/1 mask with exactly k ones, at the k largest scores. Radix selection: the digits of the k-th largest score are found from
// the highest on, by counting, and after each only the scores that share it are looked at again. Counts are whole numbers, so
// that it does not matter how the scores are cut into chunks.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/columns.h"

namespace {

constexpr int kDigits = 3;
constexpr int kShift[kDigits] = {21, 10, 0};
constexpr uint32_t kDigitMask[kDigits] = {2047, 2047, 1023};
constexpr int64_t kBins = 2048;
constexpr int64_t kSmallestChunk = 16384, kMostChunks = 64;

// A float's bits such that they compare as unsigned numbers as the floats do: both zeros alike, NaN lowest.
WordVec orderOf(Vec x) {
  const IntVec raw = x == Vec{} ? IntVec{} : bits(x);
  const IntVec order = raw ^ ((raw >> 31) | std::numeric_limits<int32_t>::min());
  return reinterpret_cast<WordVec>(x == x ? order : IntVec{});
}

// What is known of one piece of the scores.
struct Chunk {
  int64_t begin, end;
  int64_t rivals;          // scores that share all digits found so far; their orders lie from `begin` on
  uint32_t bins[kBins];    // how many rivals have each value of the next digit
  int64_t staying, going;  // of the scores equal to the k-th largest
};

class Selection {
 public:
  Selection(const float* scores, int64_t size)
      : scores_(scores), grain_(std::max(kSmallestChunk, ceilDivide(size, kMostChunks * kLanes) * kLanes)),
        chunks_(ceilDivide(size, grain_)) {
    orders_ = reinterpret_cast<uint32_t*>(scratch(Scratch::Local, size + kLanes));
    const int64_t floats = chunks_ * static_cast<int64_t>(sizeof(Chunk) / sizeof(float));
    chunk_ = reinterpret_cast<Chunk*>(scratch(Scratch::Partial, floats));
    for (int64_t c = 0; c < chunks_; ++c) {
      chunk_[c].begin = c * grain_;
      chunk_[c].end = std::min(size, (c + 1) * grain_);
    }
  }

  // out: 1 at the k largest scores, 0 < k < size; among equal ones the last.
  void mask(int64_t k, float* out) {
    uint32_t found = 0;  // the digits so far
    int64_t left = k;    // how many scores to keep have these digits
    for (int digit = 0; digit < kDigits; ++digit) {
      parallel(chunks_, [&](int64_t c) {
        if (digit == 0) readOrders(chunk_[c]);
        else keepRivals(chunk_[c], kShift[digit - 1], found);
        countDigits(chunk_[c], digit);
      });
      const uint32_t value = digitOfLast(left, kDigitMask[digit]);
      found = (digit == 0 ? 0 : found << (kShift[digit - 1] - kShift[digit])) | value;
    }
    // The scores equal to the k-th largest that stay are the last ones: whole chunks from the end, then a part of one.
    const uint32_t lastDigit = found & kDigitMask[kDigits - 1];
    for (int64_t c = chunks_ - 1; c >= 0; --c) {
      const int64_t equal = chunk_[c].bins[lastDigit];
      chunk_[c].staying = std::min(equal, left);
      chunk_[c].going = equal - chunk_[c].staying;
      left -= chunk_[c].staying;
    }
    parallel(chunks_, [&](int64_t c) { write(chunk_[c], found, out); });
  }

 private:
  void readOrders(Chunk& chunk) const {
    chunk.rivals = chunk.end - chunk.begin;
    // A partial vector is the last one of all; there is room for the whole of it.
    eachColumn(chunk.rivals, [&](int64_t i, auto lanes) {
      const WordVec order = orderOf(lanes(scores_ + chunk.begin + i));
      std::memcpy(orders_ + chunk.begin + i, &order, sizeof order);
    });
  }

  void keepRivals(Chunk& chunk, int shift, uint32_t found) const {
    uint32_t* orders = orders_ + chunk.begin;
    int64_t kept = 0;
    // No branch on who shares the digits: that is unpredictable.
    for (int64_t i = 0; i < chunk.rivals; ++i) {
      const uint32_t order = orders[i];
      orders[kept] = order;
      kept += order >> shift == found;
    }
    chunk.rivals = kept;
  }

  void countDigits(Chunk& chunk, int digit) const {
    const uint32_t* orders = orders_ + chunk.begin;
    // Two rows of counters, so that neighbours of one value do not wait for each other.
    uint32_t other[kBins] = {};
    std::fill(chunk.bins, chunk.bins + kBins, 0u);
    const auto digitOf = [=](uint32_t order) { return order >> kShift[digit] & kDigitMask[digit]; };
    int64_t i = 0;
    for (; i + 2 <= chunk.rivals; i += 2) {
      ++chunk.bins[digitOf(orders[i])];
      ++other[digitOf(orders[i + 1])];
    }
    if (i < chunk.rivals) ++chunk.bins[digitOf(orders[i])];
    for (int64_t bin = 0; bin < kBins; ++bin) chunk.bins[bin] += other[bin];
  }

  // The digit of the last score to keep. `left` becomes how many of those with this digit are kept.
  uint32_t digitOfLast(int64_t& left, uint32_t greatest) const {
    uint32_t sums[kBins] = {};
    for (int64_t c = 0; c < chunks_; ++c)
      for (int64_t bin = 0; bin < kBins; ++bin) sums[bin] += chunk_[c].bins[bin];
    uint32_t digit = greatest;
    for (; digit > 0 && sums[digit] < left; --digit) left -= sums[digit];
    return digit;
  }

  void write(const Chunk& chunk, uint32_t last, float* out) const {
    const int64_t size = chunk.end - chunk.begin;
    const float* scores = scores_ + chunk.begin;
    const Vec one = splat(1.0f);
    const WordVec limit = last - WordVec{};
    out += chunk.begin;
    if (chunk.staying == 0) {
      eachColumn(size, [&](int64_t i, auto lanes) { lanes.put(out + i, orderOf(lanes(scores + i)) > limit ? one : Vec{}); });
      return;
    }
    eachColumn(size, [&](int64_t i, auto lanes) { lanes.put(out + i, orderOf(lanes(scores + i)) >= limit ? one : Vec{}); });
    int64_t going = chunk.going;
    for (int64_t i = 0; going > 0; ++i)
      if (orderOf(splat(scores[i]))[0] == last) {
        out[i] = 0;
        --going;
      }
  }

  const float* scores_;
  int64_t grain_, chunks_;
  uint32_t* orders_;
  Chunk* chunk_;
};

}  // namespace

// k is one int32; below 0 it counts as 0, beyond the size as the size. A NaN is the lowest score.
KERNEL(TopKMask, (scores, k, OUT(mask)), (size)) {
  const int64_t size = call.integer(Number::size), k = *call.in<int32_t>(Operand::k);
  float* mask = call.out<float>(Operand::mask);
  if (k <= 0 || k >= size) {
    std::fill(mask, mask + size, k <= 0 ? 0.0f : 1.0f);
    return;
  }
  Selection(call.in<float>(Operand::scores), size).mask(k, mask);
}
