import '@tensorflow/tfjs-backend-cpu';
import type { Backend } from '../backend.ts';

export const cpu: Backend = {
  name: 'cpu',
  summary: 'plain JavaScript: runs everywhere, 10 to 100 times slower than native',
  register: async () => ({ threads: 1 }),
};
