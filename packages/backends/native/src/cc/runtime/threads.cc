#include "runtime/threads.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
static inline void pause() { _mm_pause(); }
#else
static inline void pause() { std::this_thread::yield(); }
#endif

namespace {

// Rounds a worker spins for its next job before it sleeps: tens of microseconds, the usual gap between two kernels.
constexpr int kSpins = 4000;

struct Pool {
  std::mutex owner;  // held by the JavaScript thread whose job runs; others run theirs alone
  std::mutex sleepMutex;
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
  std::atomic<int> limit{1};
  std::atomic<uint64_t> generation{0};  // odd while a job is open
  std::atomic<int> active{0};
  std::atomic<int64_t> next{0};
  int64_t tasks = 0;
  TaskFunction function = nullptr;
  void* context = nullptr;
  int workers = 0;
};

// Set while this thread runs tasks: a kernel that calls another from inside a task gets it run alone.
thread_local bool insideTask = false;

// Leaked on purpose: workers outlive static destruction at process exit.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

void takeTasks(Pool& p) {
  const int64_t tasks = p.tasks;
  const TaskFunction function = p.function;
  void* const context = p.context;
  insideTask = true;
  for (int64_t task; (task = p.next.fetch_add(1, std::memory_order_relaxed)) < tasks;) function(context, task);
  insideTask = false;
}

void work(int index) {
  Pool& p = pool();
  uint64_t seen = 0;
  for (;;) {
    uint64_t now = p.generation.load(std::memory_order_acquire);
    for (int spin = 0; now == seen || !(now & 1) || index >= p.limit.load(std::memory_order_relaxed); ++spin) {
      if (spin > kSpins) {
        std::unique_lock<std::mutex> lock(p.sleepMutex);
        p.sleepers.fetch_add(1);
        p.wake.wait(lock, [&] {
          now = p.generation.load();
          return now != seen && (now & 1) && index < p.limit.load();
        });
        p.sleepers.fetch_sub(1);
        break;
      }
      pause();
      now = p.generation.load(std::memory_order_acquire);
    }
    // Enter first, then look again: the owner closes the job before it waits for `active` to reach zero.
    p.active.fetch_add(1);
    now = p.generation.load();
    if ((now & 1) && now != seen) {
      takeTasks(p);
      seen = now;
    }
    p.active.fetch_sub(1);
  }
}

}  // namespace

void setThreads(int count) {
  Pool& p = pool();
  std::lock_guard<std::mutex> lock(p.owner);
  if (count < 1) count = 1;
  p.limit.store(count);
  for (; p.workers < count - 1; ++p.workers) std::thread(work, p.workers + 1).detach();
}

int threadCount() { return pool().limit.load(); }

void runTasks(int64_t tasks, TaskFunction function, void* context) {
  Pool& p = pool();
  if (insideTask || p.limit.load(std::memory_order_relaxed) == 1 || !p.owner.try_lock()) {
    for (int64_t task = 0; task < tasks; ++task) function(context, task);
    return;
  }
  p.tasks = tasks;
  p.function = function;
  p.context = context;
  p.next.store(0, std::memory_order_relaxed);
  p.generation.fetch_add(1);
  if (p.sleepers.load() > 0) {
    std::lock_guard<std::mutex> lock(p.sleepMutex);
    p.wake.notify_all();
  }
  takeTasks(p);
  p.generation.fetch_add(1);
  // A worker may have lost its core to another process: after a while give it ours.
  for (int spin = 0; p.active.load() != 0; ++spin) spin < kSpins ? pause() : std::this_thread::yield();
  p.owner.unlock();
}

float* scratch(Scratch slot, int64_t floats) {
  struct Buffers {
    float* data[static_cast<int>(Scratch::Count)] = {};
    int64_t capacity[static_cast<int>(Scratch::Count)] = {};
    ~Buffers() {
      for (float* buffer : data) std::free(buffer);
    }
  };
  thread_local Buffers buffers;
  const int i = static_cast<int>(slot);
  if (floats > buffers.capacity[i]) {
    std::free(buffers.data[i]);
    const int64_t capacity = (floats + floats / 4 + 1023) / 1024 * 1024;
    buffers.data[i] = static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(capacity) * 4));
    if (!buffers.data[i]) std::abort();
    buffers.capacity[i] = capacity;
  }
  return buffers.data[i];
}
