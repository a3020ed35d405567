// A 0/1 mask with exactly k ones, at the k largest scores, and what it leaves of a weight. A sample of the scores tells between which two the k-th largest must lie,
// which is then checked; among the scores there, radix selection: the digits of the k-th largest are found from the highest on, by
// counting, and after each only the scores that share it are looked at again. Counts are whole numbers, so that it does not matter how
// the scores are cut into chunks.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/columns.h"
#include "simd/keep-lanes.h"

namespace {

constexpr int kDigits = 3;
constexpr int kShift[kDigits] = {21, 10, 0};
constexpr uint32_t kDigitMask[kDigits] = {2047, 2047, 1023};
constexpr int64_t kBins = 2048;
constexpr int64_t kSmallestChunk = 32768, kMostChunks = 64;
constexpr int64_t kSamples = 2048;
constexpr uint32_t kLowest = 0, kHighest = std::numeric_limits<uint32_t>::max();

// A float's bits such that they compare as unsigned numbers as the floats do: both zeros alike, NaN lowest.
WordVec orderOf(Vec x) {
  const IntVec raw = x == Vec{} ? IntVec{} : bits(x);
  const IntVec order = raw ^ ((raw >> 31) | std::numeric_limits<int32_t>::min());
  return reinterpret_cast<WordVec>(x == x ? order : IntVec{});
}

// All ones in the first `count` lanes.
IntVec firstOf(int64_t count) {
  IntVec lanes{};
  for (int lane = 0; lane < kLanes; ++lane) lanes[lane] = lane < count ? -1 : 0;
  return lanes;
}

// Where a mask goes, and a weight times the mask if that is asked for.
struct Written {
  float* mask;
  const float* weight;  // null where nothing is to be masked
  float* masked;

  template <class Lanes>
  void put(int64_t i, Vec mask_, Lanes lanes) const {
    lanes.put(mask + i, mask_);
    if (weight) lanes.put(masked + i, lanes(weight + i) * mask_);
  }
};

// What is known of one piece of the scores.
struct Chunk {
  int64_t begin, end;
  int64_t above;           // scores above all rivals
  int64_t rivals;          // scores that share all digits found so far; their orders lie from `begin` on
  uint32_t bins[kBins];    // how many rivals have each value of the next digit
  int64_t staying, going;  // of the scores equal to the k-th largest
};

class Selection {
 public:
  Selection(const float* scores, int64_t size)
      : scores_(scores), size_(size), grain_(std::max(kSmallestChunk, ceilDivide(size, kMostChunks * kLanes) * kLanes)),
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
  void mask(int64_t k, const Written& out) {
    uint32_t found = 0;            // the digits so far
    int64_t left = k - narrow(k);  // how many scores to keep have these digits
    for (int digit = 0; digit < kDigits; ++digit) {
      parallel(chunks_, [&](int64_t c) {
        if (digit > 0) keepRivals(chunk_[c], kShift[digit - 1], found);
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
  struct Range {
    uint32_t low, high;
  };

  // Makes the scores rivals that may be the k-th largest, and returns how many lie above them.
  int64_t narrow(int64_t k) {
    if (size_ >= 4 * kSamples) {
      const int64_t above = readOrders(likely(k)), rivals = total(&Chunk::rivals);
      if (above < k && k <= above + rivals) return above;
    }
    return readOrders({kLowest, kHighest});
  }

  // Between which orders the k-th largest lies, as far as a sample tells: four standard deviations to both sides.
  Range likely(int64_t k) const {
    uint32_t sample[kSamples];
    for (int64_t i = 0; i < kSamples; i += kLanes) {
      Vec scores;
      for (int64_t lane = 0; lane < kLanes; ++lane) scores[lane] = scores_[(i + lane) * size_ / kSamples];
      const WordVec order = orderOf(scores);
      std::memcpy(sample + i, &order, sizeof order);
    }
    const double expected = static_cast<double>(k) / static_cast<double>(size_) * kSamples;
    const double margin = 4 * std::sqrt(expected * (1 - expected / kSamples)) + 2;
    const auto ranked = [&](double rank) {
      std::nth_element(sample, sample + static_cast<int64_t>(rank), sample + kSamples, std::greater<uint32_t>());
      return sample[static_cast<int64_t>(rank)];
    };
    const double first = expected - margin, last = expected + margin;
    return {last < kSamples ? ranked(last) : kLowest, first >= 0 ? ranked(first) : kHighest};
  }

  // Makes the scores of a range rivals, and returns how many lie above it.
  int64_t readOrders(Range range) {
    parallel(chunks_, [&](int64_t c) { readOrders(chunk_[c], range); });
    return total(&Chunk::above);
  }

  void readOrders(Chunk& chunk, Range range) const {
    uint32_t* orders = orders_ + chunk.begin;
    const WordVec low = range.low - WordVec{}, width = range.high - range.low - WordVec{}, high = range.high - WordVec{};
    int64_t kept = 0;
    IntVec above{};  // in each lane, counted downwards
    const auto take = [&](WordVec order, IntVec there) {
      kept += keepLanes(orders + kept, order, there & (order - low <= width));
      above += there & (order > high);
    };
    const float* scores = scores_ + chunk.begin;
    const int64_t size = chunk.end - chunk.begin, whole = size / kLanes * kLanes;
    for (int64_t i = 0; i < whole; i += kLanes) take(orderOf(load(scores + i)), ~IntVec{});
    // A partial vector is the last one of all; there is room for the whole of it.
    if (whole < size) take(orderOf(loadPartial(scores + whole, size - whole)), firstOf(size - whole));
    chunk.rivals = kept;
    chunk.above = 0;
    for (int lane = 0; lane < kLanes; ++lane) chunk.above -= above[lane];
  }

  int64_t total(int64_t Chunk::* count) const {
    int64_t sum = 0;
    for (int64_t c = 0; c < chunks_; ++c) sum += chunk_[c].*count;
    return sum;
  }

  void keepRivals(Chunk& chunk, int shift, uint32_t found) const {
    uint32_t* orders = orders_ + chunk.begin;
    int64_t kept = 0;
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

  void write(const Chunk& chunk, uint32_t last, const Written& out) const {
    const Vec one = splat(1.0f);
    const WordVec limit = last - WordVec{};
    const auto each = [&](auto stays) {
      eachColumn(chunk.end - chunk.begin, [&](int64_t at, auto lanes) {
        const int64_t i = chunk.begin + at;
        out.put(i, stays(orderOf(lanes(scores_ + i))) ? one : Vec{}, lanes);
      });
    };
    if (chunk.staying == 0) return each([=](WordVec order) { return order > limit; });
    each([=](WordVec order) { return order >= limit; });
    int64_t going = chunk.going;
    for (int64_t i = chunk.begin; going > 0; ++i)
      if (orderOf(splat(scores_[i]))[0] == last) {
        out.put(i, Vec{}, Part{1});
        --going;
      }
  }

  const float* scores_;
  int64_t size_, grain_, chunks_;
  uint32_t* orders_;
  Chunk* chunk_;
};

}  // namespace

// k is one int32; below 0 it counts as 0, beyond the size as the size. A NaN is the lowest score.
KERNEL(TopKMask, (scores, k, OPTIONAL(weight), OUT(mask), OPTIONAL_OUT(masked)), (size)) {
  const int64_t size = call.integer(Number::size), k = *call.in<int32_t>(Operand::k);
  const Written out{call.out<float>(Operand::mask), call.in<float>(Operand::weight), call.out<float>(Operand::masked)};
  if (k > 0 && k < size) return Selection(call.in<float>(Operand::scores), size).mask(k, out);
  const Vec all = splat(k <= 0 ? 0.0f : 1.0f);
  eachColumn(size, [&](int64_t i, auto lanes) { out.put(i, all, lanes); });
}
