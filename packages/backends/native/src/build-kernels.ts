// Compiles the kernels now instead of at first use, and prints where the library lies: node src/build-kernels.ts
import { buildKernels, isNativeAvailable } from './build.ts';

const available = isNativeAvailable();
console.log(available.available ? await buildKernels() : `No native backend here: ${available.reason}.`);
