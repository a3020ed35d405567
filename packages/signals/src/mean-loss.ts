import type { Subject } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import { firstExamples } from './calibration/first-examples.ts';
import { forwardSignals } from './layer-signals.ts';
import { outputLoss } from './output-loss.ts';
import { aliveTensors } from './tensors.ts';

/** The network's mean loss over the first `samples` calibration examples, in evaluation mode. */
export async function meanLoss(subject: Subject, samples: number): Promise<number> {
  const loss = outputLoss(subject.network);
  let sum = 0;
  let count = 0;
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of firstExamples(subject, samples)) {
    const { outputs } = await forwardSignals(subject.network, parameters, batch, []);
    const values = loss.values({ outputs, labels: batch.y, units: outputs.length / batch.size });
    sum += values.reduce((total, value) => total + value, 0);
    count += batch.size;
  }
  return sum / count;
}
