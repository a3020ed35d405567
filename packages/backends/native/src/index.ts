export { backendName, type NativeBackend } from './backend.ts';
export { isNativeAvailable } from './build.ts';
export {
  fallbackCounts,
  getThreads,
  type NativeOptions,
  nativeBackend,
  registerNativeBackend,
  resetFallbackCounts,
  setThreads,
} from './register.ts';
