// How JavaScript calls a kernel. One call is a row of float64 words in memory that both sides see:
//   [kernel, number of operands, number of numbers, operand addresses ..., numbers ...]
// An address is below 2^53, so a double holds it exactly. A captured step is many such rows one after another.
//
// A kernel declares its operands and numbers by name, and reads them by these names:
//   KERNEL(Scale, (x, OPTIONAL(mask), OUT(y)), (size, factor)) {
//     const float *x = call.in<float>(Operand::x), *mask = call.in<float>(Operand::mask);  // null where there is none
//     float* y = call.out<float>(Operand::y);
//     const int64_t size = call.integer(Number::size);
//     ...
//   }
// The addon hands the declaration to TypeScript as text (src/descriptors.ts reads it), where
//   invoke('Scale', { x, y }, { size, factor: 2 })
// lays the words out. Names that come again and again: NAMES.md.
#pragma once
#include <cstdint>
#include <vector>

#include "addon/shared-names.h"

struct Call {
  const double* words;
  int64_t operands() const { return static_cast<int64_t>(words[1]); }
  int64_t length() const { return 3 + static_cast<int64_t>(words[1]) + static_cast<int64_t>(words[2]); }
  template <class T, class Operand> T* out(Operand operand) const {
    return reinterpret_cast<T*>(static_cast<uintptr_t>(words[3 + static_cast<int>(operand)]));
  }
  template <class T, class Operand> const T* in(Operand operand) const { return out<const T>(operand); }
  template <class Number> double number(Number name) const { return words[3 + operands() + static_cast<int>(name)]; }
  template <class Number> int64_t integer(Number name) const { return static_cast<int64_t>(number(name)); }
  template <class Number> bool flag(Number name) const { return number(name) != 0; }
  template <class Enum, class Number> Enum oneOf(Number name) const { return static_cast<Enum>(integer(name)); }
};

using Kernel = void (*)(const Call&);

struct Registration {
  const char *name, *operands, *numbers;  // the lists as they are declared
  Kernel kernel;
  Registration(const char* name, const char* operands, const char* numbers, Kernel kernel)
      : name(name), operands(operands), numbers(numbers), kernel(kernel) {
    table().push_back(*this);
  }
  static std::vector<Registration>& table() {
    static std::vector<Registration> kernels;
    return kernels;
  }
  static void run(const Call& call) { table()[static_cast<uint64_t>(call.words[0])].kernel(call); }
};

// Marks of operands and numbers (shared-names.h).
#define OPTIONAL(name) name, name##_optional = name              // an operand that may be missing; its address is 0 then
#define OUT(name) name, name##_out = name                        // an operand that the kernel writes
#define OPTIONAL_OUT(name) name, name##_optional = name, name##_out = name
#define EACH(name) name, name##_each = name                      // as many numbers as the number `rank` says

#define LIST_OF(...) __VA_ARGS__

#define KERNEL(name, operands, numbers)                                                                          \
  namespace {                                                                                                    \
  struct Kernel##name {                                                                                          \
    using Self = Kernel##name; /* for what reads the call's names on the kernel's behalf */                     \
    enum class Operand { LIST_OF operands };                                                                     \
    enum class Number { LIST_OF numbers };                                                                       \
    static void run(const Call& call);                                                                           \
  };                                                                                                             \
  const Registration registration##name(#name, TEXT_OF operands, TEXT_OF numbers, Kernel##name::run);            \
  }                                                                                                              \
  void Kernel##name::run(const Call& call)
