export type { BackendName } from './backend.ts';
export { type BackendAvailability, listBackends } from './list-backends.ts';
export { type BackendChoice, type BackendRequest, selectBackend, threadsAskedFor } from './select-backend.ts';
