import * as tf from '@tensorflow/tfjs-core';
import { flagOf, givenInputs, numberOf, programRunner } from './kernel-call.ts';
import { type ProgramRunner, runElementwise, sumOfParts } from './program.ts';

type Inputs = Readonly<Record<string, tf.TensorInfo>>;

interface Attributes {
  readonly epsilon: number;
  readonly relu: boolean;
  readonly residual: boolean;
}

/**
 * Core's BatchNormTraining and its gradient (see `batchNormTraining` there) in five and up to six dispatches, where tfjs's
 * operations take about fourteen and twenty.
 */
export function registerBatchNorm(backendName: string): void {
  tf.registerKernel({
    kernelName: 'BatchNormTraining',
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      forward(programRunner(backend), givenInputs(inputs), attributesIn(attrs)),
  });
  tf.registerKernel({
    kernelName: 'BatchNormTrainingGrad',
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      backward(programRunner(backend), givenInputs(inputs), attributesIn(attrs)),
  });
}

function attributesIn(attrs: tf.NamedAttrMap | undefined): Attributes {
  return { epsilon: numberOf(attrs, 'epsilon'), relu: flagOf(attrs, 'relu'), residual: flagOf(attrs, 'residual') };
}

/** @returns y like x, mean [C], variance [C] */
function forward(backend: ProgramRunner, inputs: Inputs, { epsilon, relu }: Attributes): tf.TensorInfo[] {
  const { x, gamma, beta, residual } = inputs;
  const perChannel = sizeOf(x) / sizeOf(gamma);
  const mean = sumOverChannels(backend, { name: 'mean', like: x, inputs: { x }, term: 'x[at]', divisor: perChannel });
  const variance = sumOverChannels(backend, {
    name: 'variance',
    like: x,
    inputs: { x, mean },
    term: '(x[at] - mean[channel]) * (x[at] - mean[channel])',
    divisor: perChannel,
  });
  const y = runElementwise(backend, {
    name: `batchNorm ${relu} ${Boolean(residual)}`,
    outputShape: x.shape,
    inputs: { x, mean, variance, gamma, beta, ...(residual ? { residual } : {}) },
    integers: { channels: sizeOf(gamma) },
    floats: { epsilon },
    body: `
      let channel = index % uniforms.channels;
      let scale = gamma[channel] * inverseSqrt(variance[channel] + uniforms.epsilon);
      let sum = (x[index] - mean[channel]) * scale + beta[channel]${residual ? ' + residual[index]' : ''};
      return ${relu ? 'select(sum, 0.0, sum < 0.0)' : 'sum'};`,
  });
  return [y, mean, variance];
}

/**
 * dx = gamma / sqrt(variance + epsilon) (dsum - mean(dsum) - xhat mean(dsum xhat)), where dsum is the gradient before the ReLU and
 * xhat the normalised x.
 *
 * @returns dx like x, dgamma [C], dbeta [C] and, where there is a residual, its gradient
 */
function backward(backend: ProgramRunner, inputs: Inputs, { epsilon, relu, residual }: Attributes): tf.TensorInfo[] {
  const { dy, x, y, gamma, mean, variance } = inputs;
  const through = relu ? { dy, y } : { dy };
  const dsum = (at: string) => (relu ? `select(0.0, dy[${at}], y[${at}] > 0.0)` : `dy[${at}]`);
  const dbeta = sumOverChannels(backend, { name: `dbeta ${relu}`, like: x, inputs: through, term: dsum('at') });
  const dgamma = sumOverChannels(backend, {
    name: `dgamma ${relu}`,
    like: x,
    inputs: { ...through, x, mean, variance },
    floats: { epsilon },
    term: `${dsum('at')} * (x[at] - mean[channel]) * inverseSqrt(variance[channel] + uniforms.epsilon)`,
  });
  const channels = sizeOf(gamma);
  // Per channel: the factor of all, and what is subtracted, alone and times x - mean. (A program may have eight buffers.)
  const factors = runElementwise(backend, {
    name: 'batchNormFactors',
    outputShape: [3, channels],
    inputs: { gamma, variance, dbeta, dgamma },
    integers: { channels },
    floats: { epsilon, perChannel: sizeOf(x) / channels },
    body: `
      let channel = index % uniforms.channels;
      let deviation = inverseSqrt(variance[channel] + uniforms.epsilon);
      if (index < uniforms.channels) { return gamma[channel] * deviation; }
      if (index < 2 * uniforms.channels) { return dbeta[channel] / uniforms.perChannel; }
      return dgamma[channel] * deviation / uniforms.perChannel;`,
  });
  const dx = runElementwise(backend, {
    name: `batchNormGradient ${relu}`,
    outputShape: x.shape,
    inputs: { ...through, x, mean, factors },
    integers: { channels },
    body: `
      let channel = index % uniforms.channels;
      let centred = (x[index] - mean[channel]) * factors[2 * uniforms.channels + channel];
      return factors[channel] * (${dsum('index')} - factors[uniforms.channels + channel] - centred);`,
  });
  backend.disposeData(factors.dataId);
  if (!residual) return [dx, dgamma, dbeta];
  const dresidual = runElementwise(backend, {
    name: `batchNormResidual ${relu}`,
    outputShape: x.shape,
    inputs: through,
    body: `return ${dsum('index')};`,
  });
  return [dx, dgamma, dbeta, dresidual];
}

interface ChannelSum {
  readonly name: string;
  /** [..., C] */
  readonly like: tf.TensorInfo;
  readonly inputs: Inputs;
  readonly floats?: Readonly<Record<string, number>>;
  /** WGSL for what element `at`, of `channel`, contributes. */
  readonly term: string;
  readonly divisor?: number;
}

/** Over all axes but the last: as many parts as each has rows, which are then added up. */
function sumOverChannels(backend: ProgramRunner, sum: ChannelSum): tf.TensorInfo {
  const { name, like, inputs, floats, term, divisor } = sum;
  const channels = like.shape[like.shape.length - 1];
  const rows = sizeOf(like) / channels;
  const rowsPerPart = Math.max(1, Math.ceil(Math.sqrt(rows)));
  const partial = runElementwise(backend, {
    name: `sumOverChannels ${name}`,
    outputShape: [Math.ceil(rows / rowsPerPart), channels],
    inputs,
    integers: { channels, rows, rowsPerPart },
    ...(floats ? { floats } : {}),
    body: `
      let channel = index % uniforms.channels;
      let first = index / uniforms.channels * uniforms.rowsPerPart;
      var sum = 0.0;
      for (var row = first; row < min(uniforms.rows, first + uniforms.rowsPerPart); row++) {
        let at = row * uniforms.channels + channel;
        sum += ${term};
      }
      return sum;`,
  });
  return sumOfParts(backend, partial, [channels], divisor);
}

const sizeOf = ({ shape }: tf.TensorInfo) => tf.util.sizeFromShape(shape);
