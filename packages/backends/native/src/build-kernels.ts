// Compiles the kernels now instead of at first use, and prints where the library lies.
//   node src/build-kernels.ts             for this machine
//   node src/build-kernels.ts --prebuilt  for a release, into prebuilt/<platform>-<arch>/
import { buildKernels, buildPrebuilt, isNativeAvailable } from './build.ts';

if (process.argv.includes('--prebuilt')) {
  console.log(await buildPrebuilt());
} else {
  const available = isNativeAvailable();
  console.log(available.available ? await buildKernels() : `No native backend here: ${available.reason}.`);
}
