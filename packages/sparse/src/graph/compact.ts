import { type CsrMatrix, eachWeight } from '../storage/csr.ts';
import type { Operation, Product, Program, TensorId } from './operations.ts';

/*
 * Channels that need not exist: those that are zero for every input, and those that nothing reads. A filter without weights whose
 * bias (after folding the batch norm) is not positive is the first kind after its ReLU; a filter whose readers have all lost their
 * weights for it is the second. Removing them changes no output: zeros add nothing, and zero padding of a zero channel is zero.
 *
 * Tensors that an elementwise operation ties together keep the same channels.
 */

/**
 * The program without its dead channels: smaller dense products, the same outputs. A tensor keeps at least one channel.
 */
export function compact(program: Program): Program {
  let current = program;
  for (;;) {
    const live = liveChannels(current);
    if (live.every((channels) => channels.every(Boolean))) return current;
    current = restrict(current, live);
  }
}

type Channels = readonly boolean[];

/** For each tensor, which channels stay. */
function liveChannels(program: Program): readonly Channels[] {
  const nonzero = nonzeroChannels(program);
  const read = readChannels(program);
  const live = program.tensors.map(({ channels }, id) =>
    Array.from({ length: channels }, (_, c) => nonzero[id][c] && read[id][c]),
  );
  const pin = (id: TensorId) => live[id].fill(true);
  pin(program.input);
  pin(program.output);
  for (const operation of program.operations) {
    if (operation.kind === 'subsamplePad') {
      pin(operation.input);
      pin(operation.output);
    }
    if (operation.kind === 'product' && operation.groups > 1) {
      pin(operation.input);
      pin(operation.output);
    }
  }
  spreadOverTies(program, live);
  for (const [id, channels] of live.entries()) if (!channels.includes(true)) revive(program, live, id);
  return live;
}

/** Keeps channel 0 of a tensor that would vanish, and of all that it is tied to. */
function revive(program: Program, live: boolean[][], id: TensorId): void {
  live[id][0] = true;
  spreadOverTies(program, live);
}

/** A channel that one of several tied tensors keeps stays in all of them. */
function spreadOverTies(program: Program, live: boolean[][]): void {
  for (let changed = true; changed; ) {
    changed = false;
    const set = (id: TensorId, c: number) => {
      if (!live[id][c]) changed = live[id][c] = true;
    };
    for (const operation of program.operations)
      for (const [a, b, ofB] of tiesOf(operation, program))
        for (let c = 0; c < live[b].length; c++) {
          if (live[b][c]) set(a, ofB(c));
          if (live[a][ofB(c)]) set(b, c);
        }
  }
}

type Tie = readonly [a: TensorId, b: TensorId, channelOfA: (channelOfB: number) => number];
const same = (channel: number) => channel;

/** Pairs of tensors whose channels stay or go together. */
function tiesOf(operation: Operation, { tensors }: Program): readonly Tie[] {
  const { input, output } = operation;
  switch (operation.kind) {
    case 'product':
      return operation.residual === undefined ? [] : [[operation.residual, output, same]];
    case 'subsamplePad':
      return [];
    case 'flatten':
      return [[input, output, (feature) => feature % tensors[input].channels]];
    case 'add':
      return [
        [input, output, same],
        [operation.other, output, same],
      ];
    default:
      return [[input, output, same]];
  }
}

/** For each tensor, the channels that are not zero whatever the input. */
function nonzeroChannels({ tensors, operations, input }: Program): readonly Channels[] {
  const found: boolean[][] = tensors.map(({ channels }) => Array<boolean>(channels).fill(true));
  for (const operation of operations) {
    const { output } = operation;
    const of = (id: TensorId) => found[id];
    found[output] = found[output].map((_, c) => {
      switch (operation.kind) {
        case 'product':
          return productIsNonzero(operation, c, operation.residual !== undefined && of(operation.residual)[c]);
        case 'add':
          return of(operation.input)[c] || of(operation.other)[c];
        case 'scaleShift':
          return operation.shift[c] !== 0 || (operation.scale[c] !== 0 && of(operation.input)[c]);
        case 'activation':
          return operation.activation === 'sigmoid' || of(operation.input)[c];
        case 'flatten':
          return of(operation.input)[c % tensors[operation.input].channels];
        case 'subsamplePad':
          return of(operation.input)[c - operation.before] ?? false;
        default:
          return of(operation.input)[c];
      }
    });
  }
  found[input].fill(true);
  return found;
}

function productIsNonzero({ weights, bias, relu }: Product, row: number, residual: boolean): boolean {
  const empty = weights.rowStarts[row] === weights.rowStarts[row + 1];
  if (!empty || residual) return true;
  return relu ? bias[row] > 0 : bias[row] !== 0;
}

/** For each tensor, the channels that some operation reads with a weight. */
function readChannels({ tensors, operations, output }: Program): readonly Channels[] {
  const read: boolean[][] = tensors.map(({ channels }) => Array<boolean>(channels).fill(false));
  read[output].fill(true);
  for (const operation of operations.toReversed()) {
    if (operation.kind === 'product') {
      const inputs = read[operation.input];
      const channels = tensors[operation.input].channels / operation.groups;
      const perGroup = operation.weights.rows / operation.groups;
      eachWeight(operation.weights, (row, column) => {
        if (read[operation.output][row]) inputs[Math.floor(row / perGroup) * channels + (column % channels)] = true;
      });
      if (operation.residual !== undefined)
        for (const [c, used] of read[operation.output].entries()) if (used) read[operation.residual][c] = true;
      continue;
    }
    const { channels } = tensors[operation.input];
    for (const [c, used] of read[operation.output].entries()) {
      if (!used) continue;
      const from =
        operation.kind === 'flatten' ? c % channels : operation.kind === 'subsamplePad' ? c - operation.before : c;
      if (from >= 0 && from < channels) read[operation.input][from] = true;
      if (operation.kind === 'add') read[operation.other][from] = true;
    }
  }
  return read;
}

/** The program over the live channels alone. */
function restrict(program: Program, live: readonly Channels[]): Program {
  const counts = live.map((channels) => channels.filter(Boolean).length);
  const tensors = program.tensors.map((tensor, id) => ({ ...tensor, channels: counts[id] }));
  const operations = program.operations.map((operation): Operation => {
    if (operation.kind === 'product')
      return {
        ...operation,
        weights: operation.groups > 1 ? operation.weights : restrictWeights(operation, live),
        bias: operation.bias.filter((_, c) => live[operation.output][c]),
      };
    if (operation.kind === 'scaleShift')
      return {
        ...operation,
        scale: operation.scale.filter((_, c) => live[operation.output][c]),
        shift: operation.shift.filter((_, c) => live[operation.output][c]),
      };
    return operation;
  });
  return { ...program, tensors, operations };
}

function restrictWeights({ weights, input, output }: Product, live: readonly Channels[]): CsrMatrix {
  const channels = live[input].length;
  const places = placesOf(live[input]);
  const kept = places.filter((place) => place >= 0).length;
  const rows: number[] = [];
  const columnIndices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < weights.rows; row++) {
    if (!live[output][row]) continue;
    rows.push(values.length);
    for (let i = weights.rowStarts[row]; i < weights.rowStarts[row + 1]; i++) {
      const column = weights.columnIndices[i];
      const place = places[column % channels];
      if (place < 0) continue;
      columnIndices.push(Math.floor(column / channels) * kept + place);
      values.push(weights.values[i]);
    }
  }
  return {
    rows: rows.length,
    columns: (weights.columns / channels) * kept,
    rowStarts: Int32Array.of(...rows, values.length),
    columnIndices: Int32Array.from(columnIndices),
    values: Float32Array.from(values),
  };
}

/** The place of each live channel among them, -1 for the others. */
function placesOf(live: Channels): readonly number[] {
  let next = 0;
  return live.map((keep) => (keep ? next++ : -1));
}
