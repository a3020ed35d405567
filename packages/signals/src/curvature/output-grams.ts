import type { Subject } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import { firstExamples } from '../calibration/first-examples.ts';
import { backwardSignals, forwardSignals } from '../layer-signals.ts';
import { addGram } from '../linear-algebra/gram.ts';
import { type GradientKind, outputFactors, outputLoss } from '../output-loss.ts';
import { aliveTensors } from '../tensors.ts';
import { type WeightLayer, weightLayers } from '../weight-layers.ts';

/**
 * (1/N) Σ δ δᵀ over examples, output factors and positions, for the outputs of every weight layer: [units, units], lower
 * triangle, by kernel name.
 */
export async function outputGrams(
  subject: Subject,
  samples: number,
  kind: GradientKind,
): Promise<ReadonlyMap<string, Float64Array>> {
  const layers = weightLayers(subject.network);
  const grams = new Map(layers.map(({ kernel, units }) => [kernel, new Float64Array(units * units)]));
  const random = subject.random.fork('output-factors');
  const loss = outputLoss(subject.network);
  let count = 0;
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of firstExamples(subject, samples)) {
    const { outputs } = await forwardSignals(subject.network, parameters, batch, []);
    const labelled = { outputs, labels: batch.y, units: outputs.length / batch.size };
    for (const seed of outputFactors(loss, kind, labelled, random)) {
      const deltas = await backwardSignals(subject.network, parameters, batch, layers, seed);
      for (const layer of layers) addOuterProducts(grams.get(layer.kernel)!, layer, deltas.get(layer.layer.name)!);
    }
    count += batch.size;
  }
  for (const gram of grams.values()) for (let i = 0; i < gram.length; i++) gram[i] /= count;
  return grams;
}

function addOuterProducts(gram: Float64Array, { units }: WeightLayer, deltas: Float32Array): void {
  const rows = deltas.length / units;
  const columns = new Float64Array(deltas.length);
  for (let r = 0; r < rows; r++) for (let u = 0; u < units; u++) columns[u * rows + r] = deltas[r * units + u];
  addGram(gram, columns, units, rows);
}
