// Memory of tensors: 64-byte aligned. Large blocks are mappings of their own, on huge pages, so that they go back to the system
// the moment they are released, wherever they lie; malloc would keep what lies below something that lives on.
#pragma once

#include <cstdint>
#include <cstdlib>

// Under the address sanitizer, which watches what malloc gives, and elsewhere all blocks come from there.
#if (defined(__linux__) || defined(__APPLE__)) && !defined(__SANITIZE_ADDRESS__)
#include <sys/mman.h>

constexpr size_t kHugePage = size_t{2} << 20;

inline bool isMapped(size_t bytes) { return bytes >= kHugePage; }

inline size_t wholePages(size_t bytes) { return (bytes + kHugePage - 1) / kHugePage * kHugePage; }

inline void* mapBlock(size_t bytes) {
  const size_t size = wholePages(bytes);
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  // Whole huge pages; what lies before and after them goes back.
  char* begin = static_cast<char*>(mapped);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(begin) % kHugePage) % kHugePage;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + size, kHugePage - before);
#if defined(__linux__)
  madvise(begin + before, size, MADV_HUGEPAGE);
#endif
  return begin + before;
}

inline void unmapBlock(void* data, size_t bytes) { munmap(data, wholePages(bytes)); }
#else
inline bool isMapped(size_t) { return false; }
inline void* mapBlock(size_t) { return nullptr; }
inline void unmapBlock(void*, size_t) {}
#endif

// Null where there is no memory.
inline void* allocateBlock(size_t bytes) {
  if (isMapped(bytes)) return mapBlock(bytes);
  void* data = nullptr;
  return posix_memalign(&data, 64, bytes) == 0 ? data : nullptr;
}

inline void releaseBlock(void* data, size_t bytes) {
  if (isMapped(bytes)) {
    unmapBlock(data, bytes);
  } else {
    std::free(data);
  }
}
