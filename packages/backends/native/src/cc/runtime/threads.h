// A persistent thread pool. Work is cut into tasks whose number depends on the problem alone; which thread runs a task
// never changes what the task computes, so results are the same bit for bit whatever the thread count.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "runtime/arithmetic.h"

void setThreads(int count);
int threadCount();

using TaskFunction = void (*)(void* context, int64_t task);
void runTasks(int64_t tasks, TaskFunction function, void* context);

// Calls body(task) for every task in [0, tasks), on all threads of the pool.
template <class Body>
void parallel(int64_t tasks, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  if (tasks <= 0) return;
  if (tasks == 1) {
    body(int64_t{0});
    return;
  }
  runTasks(tasks, [](void* context, int64_t task) { (*static_cast<Plain*>(context))(task); },
           const_cast<void*>(static_cast<const void*>(&body)));
}

// Calls body(begin, end) over [0, count) in chunks of about `grain` items. The chunks depend on count and grain only.
template <class Body>
void parallelRange(int64_t count, int64_t grain, Body&& body) {
  if (grain < 1) grain = 1;
  parallel(ceilDivide(count, grain), [&](int64_t task) {
    int64_t begin = task * grain, end = begin + grain;
    body(begin, end < count ? end : count);
  });
}

// A growing buffer of the calling thread, 64-byte aligned, never shrunk; `slot` tells several apart.
enum class Scratch {
  PackedA,  // operands as a register tile reads them
  PackedB,
  Padded,   // images or bands with their zeros around
  Partial,  // sums of tasks, before they are combined
  Local,    // what a task or a call needs besides
  Entries,  // kept weights with their offsets
  Links,    // what the calls of a chain leave for each other
  Count
};
float* scratch(Scratch slot, int64_t floats);
