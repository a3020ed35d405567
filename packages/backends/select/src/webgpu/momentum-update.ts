import * as tf from '@tensorflow/tfjs-core';
import { flagOf, givenInputs, numberOf, programRunner } from './kernel-call.ts';
import { runElementwise } from './program.ts';

/** Core's MomentumUpdate (see `momentumUpdate` there) in two dispatches, where tfjs's operations take four to eight. */
export function registerMomentumUpdate(backendName: string): void {
  tf.registerKernel({
    kernelName: 'MomentumUpdate',
    backendName,
    kernelFunc(params) {
      const backend = programRunner(params.backend);
      const { param, velocity, gradient, learningRate, mask } = givenInputs(params.inputs);
      const nesterov = flagOf(params.attrs, 'nesterov');
      const [momentum, weightDecay] = [numberOf(params.attrs, 'momentum'), numberOf(params.attrs, 'weightDecay')];
      const masked = mask ? { mask } : {};
      const keep = mask ? ' * mask[index]' : '';
      const nextVelocity = runElementwise(backend, {
        name: `momentumVelocity ${Boolean(mask)}`,
        outputShape: param.shape,
        inputs: { param, velocity, gradient, ...masked },
        floats: { momentum, weightDecay },
        body: `
          let g = gradient[index] + uniforms.weightDecay * param[index];
          return (uniforms.momentum * velocity[index] + g)${keep};`,
      });
      const lookahead =
        'gradient[index] + uniforms.weightDecay * param[index] + uniforms.momentum * nextVelocity[index]';
      const nextParam = runElementwise(backend, {
        name: `momentumParam ${nesterov} ${Boolean(mask)}`,
        outputShape: param.shape,
        inputs: { param, nextVelocity, learningRate, ...(nesterov ? { gradient } : {}), ...masked },
        floats: nesterov ? { momentum, weightDecay } : {},
        body: `
          let step = ${nesterov ? lookahead : 'nextVelocity[index]'};
          return (param[index] - learningRate[0] * step)${keep};`,
      });
      return [nextParam, nextVelocity];
    },
  });
}
