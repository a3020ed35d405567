import * as tf from '@tensorflow/tfjs-core';
import * as reference from './reference.ts';

interface CpuBackend {
  makeTensorInfo(shape: readonly number[], dtype: string, values: Float32Array): tf.TensorInfo;
  readSync(dataId: object): Float32Array;
}

type Kernel = (
  inputs: Record<string, number[]>,
  attrs: Record<string, unknown>,
  shapes: Record<string, number[]>,
) => Output[];
interface Output {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Runs `body` while the cpu backend has a kernel `name` made from `kernel`; returns how often it was called. */
export function withKernels(kernels: Readonly<Record<string, Kernel>>, body: () => void): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    calls[kernelName] = 0;
    tf.registerKernel({
      kernelName,
      backendName: 'cpu',
      kernelFunc: ({ inputs, attrs, backend }) => {
        calls[kernelName]++;
        const cpu = backend as CpuBackend;
        const given = Object.entries(inputs as Record<string, tf.TensorInfo>);
        const values = given.map(([name, { dataId }]) => [name, Array.from(cpu.readSync(dataId))] as const);
        const shapes = given.map(([name, { shape }]) => [name, shape] as const);
        return kernel(Object.fromEntries(values), attrs ?? {}, Object.fromEntries(shapes)).map((output) =>
          cpu.makeTensorInfo(output.shape, 'float32', Float32Array.from(output.values)),
        );
      },
    });
  }
  try {
    body();
  } finally {
    for (const kernelName of Object.keys(kernels)) tf.unregisterKernel(kernelName, 'cpu');
  }
  return calls;
}

type BatchNormAttrs = { epsilon: number; relu: boolean; residual: boolean };

export const batchNormKernels: Readonly<Record<string, Kernel>> = {
  BatchNormTraining: (inputs, attrs, shapes) => {
    const input = inputs as unknown as reference.BatchNormInput;
    const { y, mean, variance } = reference.batchNorm(input, attrs as BatchNormAttrs);
    return [
      { shape: shapes.x, values: y },
      { shape: shapes.gamma, values: mean },
      { shape: shapes.gamma, values: variance },
    ];
  },
  BatchNormTrainingGrad: ({ dy, x, y, gamma }, attrs, shapes) => {
    const { epsilon, relu, residual } = attrs as BatchNormAttrs;
    const beta = gamma.map(() => 0);
    const through = dy.map((d, i) => (relu && y[i] <= 0 ? 0 : d));
    const loss = (input: reference.BatchNormInput) =>
      reference.dot(reference.batchNorm(input, { epsilon, relu: false }).y, through);
    const dx = reference.numericGradient((values) => loss({ x: values, gamma, beta }), x);
    const dgamma = reference.numericGradient((values) => loss({ x, gamma: values, beta }), gamma);
    const dbeta = reference.numericGradient((values) => loss({ x, gamma, beta: values }), beta);
    return [
      { shape: shapes.x, values: dx },
      { shape: shapes.gamma, values: dgamma },
      { shape: shapes.gamma, values: dbeta },
      ...(residual ? [{ shape: shapes.x, values: through }] : []),
    ];
  },
};
