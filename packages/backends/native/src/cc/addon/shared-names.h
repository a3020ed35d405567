// What TypeScript must know besides the kernels' declarations: the names of enumerators, in the order of their values, and
// numbers that memory is laid out by. The addon hands both on, so that no list is kept twice.
#pragma once
#include <cstdint>
#include <vector>

struct SharedEnum {
  const char *name, *names;  // the list as it is declared
  SharedEnum(const char* name, const char* names) : name(name), names(names) { table().push_back(*this); }
  static std::vector<SharedEnum>& table() {
    static std::vector<SharedEnum> enums;
    return enums;
  }
};

struct SharedNumber {
  const char* name;
  int64_t value;
  SharedNumber(const char* name, int64_t value) : name(name), value(value) { table().push_back(*this); }
  static std::vector<SharedNumber>& table() {
    static std::vector<SharedNumber> numbers;
    return numbers;
  }
};

// enum class type { ... }, whose names both sides use.
#define NAMED_ENUM(type, ...)      \
  enum class type { __VA_ARGS__ }; \
  inline const SharedEnum shared##type(#type, TEXT_OF(__VA_ARGS__))

// A name in a list may carry marks. A mark adds a second enumerator of the same value, which says in the list's text what the first
// one is: `x, x_optional = x`.
#define ONE_OF(name, Enum) name, name##_##Enum = name  // a number that stands for a name of a NAMED_ENUM
#define TEXT_OF(...) #__VA_ARGS__

#define SHARED_NUMBER(name, value) inline const SharedNumber shared_##name(#name, value)
