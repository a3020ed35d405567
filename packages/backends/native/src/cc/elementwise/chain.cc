// Elementwise calls one after another over a block of elements, then over the next block: what a call leaves for a later one stays in
// the nearest cache. Elements are independent of each other, so the numbers are those of whole calls, bit for bit. A chain may also add
// elements up, as the kernel Sum does.
#include "elementwise/chain.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/threads.h"

namespace {

constexpr int64_t kBlock = 2048;       // elements; four blocks of floats fill a nearest cache of 32 kB
constexpr int64_t kGroup = 4 * kLanes;  // elements that a sum, and a compiled chain, takes at a time
static_assert(kSumChunk % kBlock == 0 && kBlock % kGroup == 0, "a task has whole blocks, a block whole groups of a sum");

// A thread's copy of the program, whose calls go from block to block.
class Program {
 public:
  // An address that is no more than the number of slots names a slot, whose block does not leave the chain.
  explicit Program(const Chain& chain) : size_(chain.size) {
    float* memory = scratch(Scratch::Links, chain.slots * kBlock + 2 * chain.length);
    Link link{reinterpret_cast<double*>(memory + chain.slots * kBlock)};
    std::memcpy(link.words, chain.program, static_cast<size_t>(chain.length) * sizeof(double));
    links_.clear(), moving_.clear(), streams_.clear();
    for (int64_t left = chain.links; left > 0; --left, link = link.next()) {
      links_.push_back(link);
      for (int64_t i = 0; i < link.operands(); ++i) {
        const int64_t slot = static_cast<int64_t>(link.address(i));
        if (slot >= 1 && slot <= chain.slots) {
          link.address(i) = static_cast<double>(reinterpret_cast<uintptr_t>(memory + (slot - 1) * kBlock));
        } else if (link.step(i) != 0) {
          moving_.push_back({&link.address(i), link.step(i)});
          addStream(reinterpret_cast<const char*>(static_cast<uintptr_t>(slot)), static_cast<int64_t>(link.step(i)));
        }
      }
    }
  }

  // Runs over the elements begin ... end - 1, and adds them to the sums.
  void run(int64_t begin, int64_t end, RunSum* sums) const {
    move(begin);
    const int64_t links = static_cast<int64_t>(links_.size());
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t count = std::min(kBlock, end - at), next = at + count, ahead = std::min(kBlock, size_ - next);
      RunSum* sum = sums;
      for (int64_t i = 0; i < links; ++i) {
        const Link& link = links_[static_cast<size_t>(i)];
        prefetch(next + ahead * i / links, next + ahead * (i + 1) / links);
        if (link.isSum()) {
          (sum++)->add(link.at(0), count);
        } else {
          link.elements() = static_cast<double>(count);
          Registration::run(link.call());
        }
      }
      move(count);
    }
  }

 private:
  // An operand that goes on from block to block.
  struct Moving {
    double* address;
    double step;
  };
  // Memory outside the chain that is walked through, and its bytes from element to element.
  struct Stream {
    const char* from;
    int64_t step;
  };

  static void addStream(const char* from, int64_t step) {
    const bool known = std::any_of(streams_.begin(), streams_.end(), [&](const Stream& one) { return one.from == from; });
    if (!known) streams_.push_back({from, step});
  }

  void move(int64_t elements) const {
    for (const Moving& one : moving_) *one.address += one.step * static_cast<double>(elements);
  }

  // What the next block reads and writes comes nearer while this one is computed, a piece before each link: the processor's own
  // prefetching starts anew at each page, and a block is two of them. To the second cache: the first is full.
  void prefetch(int64_t begin, int64_t end) const {
    constexpr int64_t kLine = 64;
    for (const auto& [from, step] : streams_)
      for (int64_t at = begin * step / kLine * kLine; at < end * step; at += kLine) __builtin_prefetch(from + at, 0, 2);
  }

  int64_t size_;
  // Of the thread: their memory serves the next program.
  static thread_local std::vector<Link> links_;
  static thread_local std::vector<Moving> moving_;
  static thread_local std::vector<Stream> streams_;
};

thread_local std::vector<Link> Program::links_;
thread_local std::vector<Program::Moving> Program::moving_;
thread_local std::vector<Program::Stream> Program::streams_;

}  // namespace

void runChain(const Chain& chain, CompiledChain compiled) {
  Link links[kMaxLinks];
  Link link{chain.program};
  for (int64_t i = 0; i < chain.links && i < kMaxLinks; ++i, link = link.next()) links[i] = link;
  const int64_t chunks = ceilDivide(chain.size, kSumChunk);
  float* partial = scratch(Scratch::Partial, chain.sums * chunks);  // sum by sum
  parallelRange(chain.size, kSumChunk, [&](int64_t begin, int64_t end) {
    std::vector<RunSum> sums(static_cast<size_t>(chain.sums));
    const int64_t whole = compiled ? begin + (end - begin) / kGroup * kGroup : begin;
    if (compiled) compiled(links, begin, whole, sums.data());
    if (whole < end) Program(chain).run(whole, end, sums.data());
    for (int64_t i = 0; i < chain.sums; ++i) partial[i * chunks + begin / kSumChunk] = sums[static_cast<size_t>(i)].total();
  });
  const float* next = partial;
  link = {chain.program};
  for (int64_t left = chain.links; left > 0; --left, link = link.next()) {
    if (!link.isSum()) continue;
    *link.at(1) = sumOfRuns(next, chunks) * link.factor();
    next += chunks;
  }
}

KERNEL(Chain, (), (size, slots, links, sums, rank, EACH(program))) { runChain(chainOf<Self>(call), nullptr); }
