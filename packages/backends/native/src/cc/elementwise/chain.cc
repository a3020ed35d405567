// Elementwise calls one after another over a block of elements, then over the next block: what a call leaves for a later one stays in
// the nearest cache. Elements are independent of each other, so the numbers are those of whole calls, bit for bit. A chain may also add
// elements up, as the kernel Sum does.
#include <algorithm>
#include <cstring>

#include "addon/call.h"
#include "runtime/threads.h"
#include "simd/run-sum.h"

namespace {

constexpr int64_t kBlock = 2048;  // elements; four blocks of floats fill a nearest cache of 32 kB
static_assert(kSumChunk % kBlock == 0 && kBlock % (4 * kLanes) == 0, "a task has whole blocks, a block whole groups of a sum");

// One call of a chain. In the program it stands as
//   [factor of a sum, where its number of elements stands, the call's words, for each operand the bytes from element to element]
// where the factor is 0 for what is no sum. A sum's operands are what is added up and the result.
struct Link {
  double* words;
  float factor() const { return static_cast<float>(words[0]); }
  bool isSum() const { return words[0] != 0; }
  Call call() const { return {words + 2}; }
  int64_t operands() const { return call().operands(); }
  double& address(int64_t operand) const { return words[5 + operand]; }
  double& elements() const { return words[5 + operands() + static_cast<int64_t>(words[1])]; }
  double& step(int64_t operand) const { return words[2 + call().length() + operand]; }
  Link next() const { return {words + 2 + call().length() + operands()}; }
};

// A thread's copy of the program, whose calls go from block to block.
class Program {
 public:
  // An address that is no more than the number of slots names a slot, whose block does not leave the chain.
  Program(const double* words, int64_t length, int64_t links, int64_t slots, int64_t sums) : links_(links), sums_(sums) {
    constexpr int64_t kSumFloats = sizeof(RunSum) / sizeof(float);
    float* memory = scratch(Scratch::Links, slots * kBlock + sums * kSumFloats + 2 * length);
    running_ = reinterpret_cast<RunSum*>(memory + slots * kBlock);
    first_.words = reinterpret_cast<double*>(running_ + sums);
    std::memcpy(first_.words, words, static_cast<size_t>(length) * sizeof(double));
    eachLink([&](const Link& link) {
      for (int64_t i = 0; i < link.operands(); ++i) {
        const int64_t slot = static_cast<int64_t>(link.address(i));
        if (slot < 1 || slot > slots) continue;
        link.address(i) = static_cast<double>(reinterpret_cast<uintptr_t>(memory + (slot - 1) * kBlock));
        link.step(i) = 0;
      }
    });
  }

  // Runs over the elements begin ... end - 1; what sum i adds up there is written to totals[i * stride].
  void run(int64_t begin, int64_t end, float* totals, int64_t stride) const {
    std::fill(running_, running_ + sums_, RunSum{});
    move(begin);
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t count = std::min(kBlock, end - at);
      RunSum* sum = running_;
      eachLink([&](const Link& link) {
        if (link.isSum()) {
          (sum++)->add(link.call().in<float>(0), count);
        } else {
          link.elements() = static_cast<double>(count);
          Registration::run(link.call());
        }
      });
      move(count);
    }
    for (int64_t i = 0; i < sums_; ++i) totals[i * stride] = running_[i].total();
  }

  template <class Body>
  void eachLink(Body&& body) const {
    Link link = first_;
    for (int64_t left = links_; left > 0; --left, link = link.next()) body(link);
  }

 private:
  void move(int64_t elements) const {
    eachLink([&](const Link& link) {
      for (int64_t i = 0; i < link.operands(); ++i) link.address(i) += link.step(i) * static_cast<double>(elements);
    });
  }

  Link first_{};
  RunSum* running_;
  int64_t links_, sums_;
};

}  // namespace

KERNEL(Chain, (), (size, slots, links, sums, rank, EACH(program))) {
  const int64_t size = call.integer(Number::size), sums = call.integer(Number::sums), chunks = ceilDivide(size, kSumChunk);
  const auto program = [&] {
    return Program(call.words + 3 + static_cast<int>(Number::program), call.integer(Number::rank), call.integer(Number::links),
                   call.integer(Number::slots), sums);
  };
  float* partial = scratch(Scratch::Partial, sums * chunks);  // sum by sum
  parallelRange(size, kSumChunk, [&](int64_t begin, int64_t end) {
    program().run(begin, end, partial + begin / kSumChunk, chunks);
  });
  if (sums == 0) return;
  const float* next = partial;
  program().eachLink([&](const Link& link) {
    if (!link.isSum()) return;
    *link.call().out<float>(1) = sumOfRuns(next, chunks) * link.factor();
    next += chunks;
  });
}
