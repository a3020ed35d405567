/** Every extension of the suite, recorded into the native step: the same bits as without. */
import { captureStep, registerNativeBackend, setThreads } from '@prunebench/backend-native';
import { type Dataset, type Network, prunableSpecs, type State } from '@prunebench/core';
import { registerStepCompiler } from '@prunebench/network';
import { convNet, mlp, randomParameters, residualNet } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import plugin from '../src/index.ts';
import { trainedWith } from './support/trained.ts';

const networks: readonly Network[] = [mlp([20, 30, 3]), convNet(), residualNet()];
/** With batch norm alone. */
const residualOnly = new Set(['network-slimming']);
/** Options other than the defaults, which an extension computes by another path. */
const more: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  'quadratic-penalty': [{}, { decoupled: true }],
  'network-slimming': [{}, { proximal: true }],
  rigl: [{ every: 12 }],
};

test.before(async () => {
  await registerNativeBackend({ threads: 1 });
  await tf.setBackend('native');
});
test.afterEach.always(() => {
  registerStepCompiler('native', undefined);
  setThreads(1);
});

function dataFor({ inputShape }: Network): Dataset {
  return toyDataset({ inputShape, classes: 3, sizes: { train: 60, validation: 12, test: 12 } });
}

function startOf(network: Network): State {
  const parameters = randomParameters(network, 1);
  const masks = Object.fromEntries(
    prunableSpecs(network).map(({ name }) => [
      name,
      Uint8Array.from(parameters[name].values, (_, i) => (i % 3 === 0 ? 1 : 0)),
    ]),
  );
  return { parameters, masks };
}

for (const { id } of plugin.extensions)
  for (const options of more[id] ?? [{}])
    for (const network of residualOnly.has(id) ? [residualNet()] : networks)
      test.serial(`${id} ${JSON.stringify(options)}, ${network.name}`, async (t) => {
        const run = () =>
          trainedWith(network, startOf(network), dataFor(network), id, options, {
            epochs: 4,
            batchSize: 5,
            learningRate: 0.02,
            optimizer: { kind: 'adam' },
          });
        const eager = await run();
        let compiled = 0;
        // A step that cannot be captured throws here, where training would go on without.
        registerStepCompiler('native', (body, examples, state) => {
          compiled++;
          return captureStep(body, examples, { state });
        });
        const captured = await run();
        t.true(compiled >= 1);
        t.deepEqual(captured.state, eager.state);
        t.deepEqual(captured.metrics, eager.metrics);
        setThreads(2);
        t.deepEqual((await run()).state, eager.state, 'two threads');
      });
