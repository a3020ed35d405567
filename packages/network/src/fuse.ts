import { INPUT, type Layer, type Network } from '@prunebench/core';

/** A layer together with the neighbours that are computed in the same pass. */
export interface FusedLayer {
  readonly layer: Layer;
  /** Layers it reads; a batch norm fused with an addition reads its own input, then the residual. */
  readonly inputs: readonly string[];
  /** The last of the fused layers, and its name, under which others read the result. */
  readonly last: Layer;
  readonly output: string;
  readonly relu: boolean;
}

const plans = new WeakMap<Network, readonly FusedLayer[]>();

/** Layers of which something is wanted that a merged pass would not give. */
export interface Watched {
  /** Whether a layer runs by itself. */
  alone(layer: Layer): boolean;
  /** Whether a layer's own output is looked at: others may run before it in the same pass, none behind it. */
  read(layer: Layer): boolean;
}

/** The order of computation, with convolution / dense + ReLU and batch norm (+ addition) + ReLU merged where nobody watches them. */
export function fuse(network: Network, watched?: Watched): readonly FusedLayer[] {
  if (watched) return mergeNeighbours(network, watched);
  const cached = plans.get(network);
  if (cached) return cached;
  const plan = mergeNeighbours(network, { alone: () => false, read: () => false });
  plans.set(network, plan);
  return plan;
}

function mergeNeighbours(network: Network, { alone, read }: Watched): readonly FusedLayer[] {
  /** Whether what reads a layer's output may run in the same pass. */
  const joins = (before: Layer, next: Layer) => !read(before) && !alone(before) && !alone(next);
  const readers = new Map<string, Layer[]>();
  for (const layer of network.layers)
    for (const input of layer.inputs) readers.set(input, [...(readers.get(input) ?? []), layer]);
  const onlyReader = (name: string) => (readers.get(name)?.length === 1 ? readers.get(name)![0] : undefined);
  const isRelu = (layer: Layer | undefined) => layer?.kind === 'activation' && layer.activation === 'relu';
  const reluBehind = (before: Layer) => {
    const next = onlyReader(before.name);
    return isRelu(next) && joins(before, next!) ? next : undefined;
  };
  const position = new Map<string, number>([[INPUT, -1], ...network.layers.map(({ name }, i) => [name, i] as const)]);

  const merged = new Set<string>();
  const plan: FusedLayer[] = [];
  for (const layer of network.layers) {
    if (merged.has(layer.name)) continue;
    const inputs = [...layer.inputs];
    let last = layer;
    const absorb = (next: Layer) => {
      merged.add(next.name);
      last = next;
    };
    if (layer.kind === 'batchNorm') {
      const addition = onlyReader(layer.name);
      const joined = addition?.kind === 'add' && joins(layer, addition);
      const residual = joined ? addition.inputs.find((name) => name !== layer.name) : undefined;
      // The residual must exist by the time the batch norm runs; otherwise the addition stays on its own.
      if (addition && residual !== undefined && reluBehind(addition) && isReady(residual, layer, position, plan)) {
        inputs.push(residual);
        absorb(addition);
      }
    }
    const relu = ['conv2d', 'dense', 'batchNorm'].includes(layer.kind) ? reluBehind(last) : undefined;
    if (relu) absorb(relu);
    plan.push({ layer, inputs, last, output: last.name, relu: relu !== undefined });
  }
  return plan;
}

function isReady(
  name: string,
  before: Layer,
  position: ReadonlyMap<string, number>,
  plan: readonly FusedLayer[],
): boolean {
  return (
    name === INPUT || (position.get(name)! < position.get(before.name)! && plan.some(({ output }) => output === name))
  );
}
