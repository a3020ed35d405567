// The hooks whose cost is measured run compiled: a chain that a change of a method has given another form would be twice as slow, and right.
import { interpretedChains } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { randomStream, trainOptions } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { TrainingRun } from '@prunebench/training';
import test from 'ava';
import { hooks } from '../src/hooks/hook-extensions.ts';
import { ENDLESS, madeUpBatch, timedStep } from '../src/timed-step.ts';
import { buildWorkload, workloads } from '../src/workloads.ts';

const heavy = Object.keys(hooks).filter((name) => /penalty|elimination|mask|reparametrisation/.test(name));

for (const optimizer of [{ kind: 'sgd' }, { kind: 'adam' }])
  for (const name of heavy)
    test.serial(`${name}, ${optimizer.kind}: the chains of LeNet-300-100's step have been compiled`, async (t) => {
      await selectBackend('native');
      const network = buildWorkload(workloads.find((one) => one.network === 'lenet-300-100')!);
      const random = randomStream(0, name);
      const state = { parameters: initializeParameters(network, random), masks: {} };
      const options = trainOptions.parse({ epochs: 1, learningRate: 0.01, batchSize: 60, optimizer });
      const extensions = [{ id: name, extension: hooks[name]({ network, state, options }) }];
      const batch = madeUpBatch(network, 60, random);
      using run = new TrainingRun(network, state, options, { extensions, random, ...ENDLESS });
      for (let step = 0; step < 3; step++) t.true(Number.isFinite(timedStep(run, batch)));
      t.deepEqual(interpretedChains(), [], 'scripts/compile-chains.ts of @prunebench/backend-native compiles them');
    });
