import type { Subject } from '@prunebench/core';
import { calibration } from './calibration.ts';
import { forwardSignals, withParameterTensors } from './layer-signals.ts';
import { outputLoss } from './output-loss.ts';

/** The network's mean loss over the first `samples` calibration examples, in evaluation mode. */
export async function meanLoss(subject: Subject, samples: number): Promise<number> {
  const loss = outputLoss(subject.network);
  let sum = 0;
  let count = 0;
  await withParameterTensors(subject, async (parameters) => {
    for (const batch of calibration(subject, samples)) {
      const { outputs } = await forwardSignals(subject.network, parameters, batch, []);
      const values = loss.values({ outputs, labels: batch.y, units: outputs.length / batch.size });
      sum += values.reduce((total, value) => total + value, 0);
      count += batch.size;
    }
  });
  return sum / count;
}
