/**
 * Records of trials that removed whole units, from before weights that read a removed unit were left out of their costs, get the
 * parameters, multiply-adds, ratios and effective weights of the network without these units:
 *
 *     node scripts/migrations/recount-units.ts <results folder>
 *
 * Masks are not in a record, but how many weights each kernel kept is, so how many units are left. Which ones does not matter: units
 * of one layer have the same weights before and behind them. A record whose old counts are not exactly those of whole units is
 * refused by name, and nothing is written. No other number is touched; running it again changes nothing.
 */
import {
  type Cost,
  costOf,
  type Masks,
  type Network,
  PrunebenchError,
  parameterSpecs,
  prunableSpecs,
  prunableUnits,
  recordedCosts,
  sizeOf,
  type TrialRecord,
  unitMasks,
} from '@prunebench/core';
import { foldRecords, rewriteRecords } from '@prunebench/records';
import { loadRegistry, type Registry, withResults } from '@prunebench/runner';

type Measured = NonNullable<TrialRecord['measured']>;

/**
 * The record with the costs of the network without its removed units; undefined for one that removed no units, measured nothing,
 * or has them already.
 *
 * @throws PrunebenchError where the counts in the record do not say exactly which network is left
 */
export function recounted(record: TrialRecord, network: Network): TrialRecord | undefined {
  const { measured, spec, key } = record;
  if (spec.options.granularity !== 'unit' || measured === null || measured.effective !== undefined) return undefined;
  const refuse = (reason: string) =>
    new PrunebenchError(`The costs of record ${key} (${spec.network}) cannot be counted from it: ${reason}.`, {
      remedy: 'Run its trial again; the new record has them.',
    });
  const masks = masksOf(network, measured, refuse);
  const cost = costOf(network, masks);
  const before = countedByMasks(network, masks, cost);
  if (measured.parameters.remaining !== before.parameters || measured.multiplyAdds.remaining !== before.multiplyAdds)
    throw refuse('its parameters and multiply-adds are not those of whole units');
  return { ...record, measured: { ...measured, ...recordedCosts(cost) } };
}

/** Masks with as many units as the record's counts say, the first ones of each layer. */
function masksOf(network: Network, { layers }: Measured, refuse: (reason: string) => PrunebenchError): Masks {
  const specs = prunableSpecs(network);
  const removable = new Set(prunableUnits(network));
  if (
    String(layers.map(({ name, weights }) => [name, weights])) !== String(specs.map((s) => [s.name, sizeOf(s.shape)]))
  )
    throw refuse('its layers are not those of the network');
  const masks: Record<string, Uint8Array> = {};
  for (const [l, { name, weights, remaining }] of layers.entries()) {
    const units = specs[l].shape.at(-1)!;
    const kept = (remaining * units) / weights;
    if (!removable.has(name) && kept !== units) throw refuse(`${name} lost weights, and its units cannot be removed`);
    if (!Number.isInteger(kept)) throw refuse(`${remaining} of ${weights} weights of ${name} are no whole units`);
    // What is left behind such a layer depends on the values of biases, which are not in the record.
    if (kept === 0) throw refuse(`${name} lost all of its units`);
    if (kept === units) continue;
    for (const [parameter, mask] of Object.entries(unitMasks(network, name, new Uint8Array(units).fill(1, 0, kept))))
      masks[parameter] = mask.map((bit, i) => bit & (masks[parameter]?.[i] ?? 1));
  }
  return masks;
}

/** As costs were counted before: every weight that is not masked itself. */
function countedByMasks(network: Network, masks: Masks, { layers }: Cost) {
  const left = parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .map(({ name, shape }) => masks[name]?.reduce((sum, bit) => sum + bit, 0) ?? sizeOf(shape));
  return {
    parameters: left.reduce((sum, count) => sum + count, 0),
    multiplyAdds: layers.reduce((sum, each) => sum + (each.multiplyAdds.dense / each.weights) * each.remaining, 0),
  };
}

/**
 * Recounts the records below `results`, and says how many had the old counts.
 *
 * @throws PrunebenchError as `recounted` does; nothing is written then
 */
function recountAll(results: string, registry: Registry): Promise<number> {
  return rewriteRecords(results, (record) => {
    const { shape } = registry.datasets.get(record.spec.dataset)!;
    return recounted(record, registry.network(record.spec.network).build(shape));
  });
}

if (import.meta.main) {
  const [, , results] = process.argv;
  if (!results) throw new Error('usage: node scripts/migrations/recount-units.ts <results folder>');
  const registry = await loadRegistry();
  const changed = await withResults(results, async ({ root }) => {
    const count = await recountAll(root, registry);
    await foldRecords(root);
    return count;
  });
  console.log(`${changed} records have the costs of the network without its removed units.`);
}
