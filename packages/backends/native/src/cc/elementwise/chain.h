// Chains: elementwise calls over equally many elements that run as one. A chain is either run link by link, block by block (chain.cc), or
// has been compiled into one loop (compiled-chains.cc); the numbers are the same, bit for bit.
#pragma once
#include <cstdint>

#include "addon/call.h"
#include "simd/run-sum.h"

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
  // Parameters of a compiled chain.
  float* at(int64_t operand) const { return call().out<float>(operand); }
  double number(int64_t place) const { return call().number(place); }
  Vec value(int64_t place) const { return splat(static_cast<float>(number(place))); }
};

struct Chain {
  int64_t size, slots, links, sums, length;
  double* program;
};

constexpr int64_t kMaxLinks = 64;  // of a compiled chain
constexpr int64_t kAhead = 512;    // elements by which a compiled chain fetches before it reads

// Runs over the elements begin ... end - 1, whole groups of four vectors, and adds them to the sums, in the order of their links.
using CompiledChain = void (*)(const Link* links, int64_t begin, int64_t end, RunSum* sums);

void runChain(const Chain& chain, CompiledChain compiled);

// Self: the kernel whose call this is; all chains have the same numbers.
template <class Self>
Chain chainOf(const Call& call) {
  using Number = typename Self::Number;
  // Calls that are run again must not be written to: who moves a link's operands does so in a copy.
  double* program = const_cast<double*>(call.words) + 3 + call.operands() + static_cast<int>(Number::program);
  return {call.integer(Number::size), call.integer(Number::slots), call.integer(Number::links), call.integer(Number::sums),
          call.integer(Number::rank), program};
}
