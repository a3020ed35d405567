export type { BackendName } from './backend.ts';
export { type BackendAvailability, listBackends } from './list-backends.ts';
export { type BackendChoice, type BackendRequest, selectBackend } from './select-backend.ts';
