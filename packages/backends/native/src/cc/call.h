// How JavaScript calls a kernel. One call is a row of float64 words in memory that both sides see:
//   [kernel, number of operands, number of numbers, operand addresses ..., numbers ...]
// An address is below 2^53, so a double holds it exactly. A captured step is many such rows one after another.
//
// A kernel is added with
//   KERNEL(Name) { const float* x = call.in<float>(0); float* y = call.out<float>(1); int64_t n = call.integer(0); ... }
// and called from TypeScript with invoke(kernel('Name'), [x, y], [n]). A missing optional operand has address 0.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

struct Call {
  const double* words;
  int64_t operands() const { return static_cast<int64_t>(words[1]); }
  int64_t length() const { return 3 + static_cast<int64_t>(words[1]) + static_cast<int64_t>(words[2]); }
  template <class T> T* out(int i) const { return reinterpret_cast<T*>(static_cast<uintptr_t>(words[3 + i])); }
  template <class T> const T* in(int i) const { return out<const T>(i); }
  double number(int i) const { return words[3 + operands() + i]; }
  int64_t integer(int i) const { return static_cast<int64_t>(number(i)); }
  bool flag(int i) const { return number(i) != 0; }
};

using Kernel = void (*)(const Call&);

struct Registration {
  Registration(const char* name, Kernel kernel) { table().emplace_back(name, kernel); }
  static std::vector<std::pair<const char*, Kernel>>& table() {
    static std::vector<std::pair<const char*, Kernel>> kernels;
    return kernels;
  }
};

#define KERNEL(name)                                       \
  static void kernel##name(const Call& call);              \
  static Registration registration##name(#name, kernel##name); \
  static void kernel##name(const Call& call)
