// The Node-API surface: memory, the call words, replay of recorded calls, threads.
#define NAPI_VERSION 8
#include <node_api.h>

#include <mutex>
#include <string>
#include <unordered_map>

#include "addon/call.h"
#include "addon/shared-names.h"
#include "runtime/blocks.h"
#include "runtime/threads.h"
#include "simd/simd.h"

namespace {

constexpr size_t kCallWords = 4096;

// What an ArrayBuffer lies over; no data once it is released.
struct Block {
  void* data;
  size_t bytes;
};

struct Instance {
  double words[kCallWords];
};

// All blocks in use, by address. Never destroyed: at the end of the process buffers are finished after everything else.
struct Blocks {
  std::mutex mutex;
  std::unordered_map<void*, Block*> byAddress;

  void add(Block* block) {
    std::lock_guard<std::mutex> lock(mutex);
    byAddress.emplace(block->data, block);
  }

  void release(void* data) {
    std::lock_guard<std::mutex> lock(mutex);
    const auto found = byAddress.find(data);
    if (found == byAddress.end()) return;
    releaseBlock(data, found->second->bytes);
    found->second->data = nullptr;
    byAddress.erase(found);
  }
};

Blocks& blocks() {
  static Blocks* all = new Blocks;
  return *all;
}

Instance* instanceOf(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Instance*>(data);
}

double numberArgument(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

// execute(): runs the call in the shared words.
napi_value execute(napi_env env, napi_callback_info) {
  Registration::run({instanceOf(env)->words});
  return nullptr;
}

// replay(words: Float64Array, calls): runs recorded calls one after another.
napi_value replay(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* data = nullptr;
  napi_get_typedarray_info(env, arguments[0], nullptr, nullptr, &data, nullptr, nullptr);
  const double* words = static_cast<const double*>(data);
  for (int64_t left = static_cast<int64_t>(numberArgument(env, arguments[1])); left > 0; --left) {
    const Call call{words};
    Registration::run(call);
    words += call.length();
  }
  return nullptr;
}

// Called some time after the ArrayBuffer is collected or detached, but never while JavaScript runs.
void finishBlock(napi_env, void*, void* hint) {
  Block* block = static_cast<Block*>(hint);
  if (block->data) blocks().release(block->data);
  delete block;
}

// allocate(bytes): an ArrayBuffer over a block, which goes with it if it is not released before.
napi_value allocate(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, buffer;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  const size_t bytes = static_cast<size_t>(numberArgument(env, argument));
  void* data = allocateBlock(bytes);
  if (!data) {
    napi_throw_error(env, nullptr, ("cannot allocate " + std::to_string(bytes) + " bytes").c_str());
    return nullptr;
  }
  Block* block = new Block{data, bytes};
  if (napi_create_external_arraybuffer(env, data, bytes, finishBlock, block, &buffer) != napi_ok) {
    releaseBlock(data, bytes);
    delete block;
    napi_throw_error(env, nullptr, "this Node.js does not allow external array buffers");
    return nullptr;
  }
  blocks().add(block);
  return buffer;
}

// release(buffer): gives an allocated buffer's block back at once. The buffer is empty afterwards.
napi_value release(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer;
  napi_get_cb_info(env, info, &count, &buffer, nullptr, nullptr);
  void* data = nullptr;
  napi_get_arraybuffer_info(env, buffer, &data, nullptr);
  napi_detach_arraybuffer(env, buffer);
  blocks().release(data);
  return nullptr;
}

// addressOf(array: TypedArray | ArrayBuffer): where its first element lies.
napi_value addressOf(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  void* data = nullptr;
  bool isBuffer = false;
  napi_is_arraybuffer(env, argument, &isBuffer);
  if (isBuffer) {
    napi_get_arraybuffer_info(env, argument, &data, nullptr);
  } else {
    napi_get_typedarray_info(env, argument, nullptr, nullptr, &data, nullptr, nullptr);
  }
  napi_create_double(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)), &result);
  return result;
}

napi_value setThreadCount(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  setThreads(static_cast<int>(numberArgument(env, argument)));
  return nullptr;
}

void setFunction(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

void setString(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, name, value);
}

// [{ name, operands, numbers }], the lists as text: see call.h.
napi_value kernelDeclarations(napi_env env) {
  const auto& table = Registration::table();
  napi_value kernels;
  napi_create_array_with_length(env, table.size(), &kernels);
  for (size_t i = 0; i < table.size(); ++i) {
    napi_value kernel;
    napi_create_object(env, &kernel);
    setString(env, kernel, "name", table[i].name);
    setString(env, kernel, "operands", table[i].operands);
    setString(env, kernel, "numbers", table[i].numbers);
    napi_set_element(env, kernels, static_cast<uint32_t>(i), kernel);
  }
  return kernels;
}

// { enumeration: its names as text }
napi_value sharedEnums(napi_env env) {
  napi_value enums;
  napi_create_object(env, &enums);
  for (const SharedEnum& shared : SharedEnum::table()) setString(env, enums, shared.name, shared.names);
  return enums;
}

// { name: number }
napi_value sharedNumbers(napi_env env) {
  napi_value numbers;
  napi_create_object(env, &numbers);
  for (const SharedNumber& shared : SharedNumber::table()) {
    napi_value value;
    napi_create_int64(env, shared.value, &value);
    napi_set_named_property(env, numbers, shared.name, value);
  }
  return numbers;
}

void freeInstance(napi_env, void* data, void*) { delete static_cast<Instance*>(data); }
void keep(napi_env, void*, void*) {}

}  // namespace

NAPI_MODULE_INIT() {
  Instance* instance = new Instance;
  napi_set_instance_data(env, instance, freeInstance, nullptr);

  napi_value buffer, words, lanes;
  napi_create_external_arraybuffer(env, instance->words, sizeof instance->words, keep, nullptr, &buffer);
  napi_create_typedarray(env, napi_float64_array, kCallWords, buffer, 0, &words);
  napi_set_named_property(env, exports, "words", words);
  napi_create_int32(env, kLanes, &lanes);
  napi_set_named_property(env, exports, "lanes", lanes);
  napi_set_named_property(env, exports, "kernels", kernelDeclarations(env));
  napi_set_named_property(env, exports, "enums", sharedEnums(env));
  napi_set_named_property(env, exports, "numbers", sharedNumbers(env));

  setFunction(env, exports, "execute", execute);
  setFunction(env, exports, "replay", replay);
  setFunction(env, exports, "allocate", allocate);
  setFunction(env, exports, "release", release);
  setFunction(env, exports, "addressOf", addressOf);
  setFunction(env, exports, "setThreads", setThreadCount);
  return exports;
}
