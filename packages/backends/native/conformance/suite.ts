// Entry of the bundle: tfjs-core with everything registered, one backend, and all of the specs that ship with tfjs-core.
// Importing it declares the specs to the running jasmine.
import '@tensorflow/tfjs-core/dist/index.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-backend-cpu';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerNativeBackend } from '../src/index.ts';

const backendName = process.env.CONFORMANCE_BACKEND!;
if (backendName === 'native') await registerNativeBackend();
setTestEnvs([{ name: backendName, backendName, flags: {}, isDataSync: true }]);
// Only now: the specs are declared for the environments that are set.
await import('@tensorflow/tfjs-core/dist/tests.js');
