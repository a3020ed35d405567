// Decides where each value of a recorded step lies, and lays the calls out for replay.
import type { NativeBackend } from '../backend.ts';
import { type Block, blockBytes } from '../memory.ts';
import { writeChain } from './chain-words.ts';
import { mayShare } from './chains.ts';
import { type Command, inputsOf, isSameShapeBinary, operandOf, operandsOf, type Value } from './graph.ts';

export interface Plan {
  words: Float64Array;
  calls: number;
  /** All memory the step owns. */
  blocks: Block[];
  blockOf(value: Value): Block;
}

/** A variable's new value and the memory it must end in. */
export interface StateUpdate {
  home: Value;
  final: Value;
}

/** Whether the kernel reads element i of all its operands only to write element i of its outputs. */
function isPointwise(command: Command): boolean {
  return isSameShapeBinary(command) || ['Unary', 'MomentumUpdate', 'AdamUpdate'].includes(command.kernel);
}

/** The operands that the kernel reads at element i only to write element i of the output: they may share memory. */
function pointwiseOperands(command: Command, output: Value): Value[] {
  const { links } = command;
  if (links) return inputsOf(command).filter((value) => mayShare(links, value, output));
  if (isPointwise(command)) return inputsOf(command);
  if (command.kernel !== 'MatMulMomentumUpdate') return [];
  const factors = [operandOf(command, 'a'), operandOf(command, 'b')];
  return inputsOf(command).filter((value) => !factors.includes(value));
}

/** Kernels whose last pass reads the gradient at an element just before it writes there. */
const gradientRead: Readonly<Record<string, string>> = {
  BatchNormTrainingGrad: 'dy',
  TileMomentsGrad: 'g',
  TileNormalizeGrad: 'dy',
};

/** The operands whose memory an output may take over, for kernels that read all of it before or as they write. */
function reusable(command: Command, output: Value): Value[] {
  const { kernel, operands, numbers } = command;
  const gradient = gradientRead[kernel];
  if (gradient) return [operandOf(command, gradient)];
  if (kernel !== 'SparseConvGrad') return pointwiseOperands(command, output);
  if (output !== operands.dx) return [];
  const { channels, height, width, outChannels, outHeight, outWidth } = numbers;
  const sameShape = channels === outChannels && height === outHeight && width === outWidth;
  const whole = numbers.shortcutStride === 1 && numbers.shortcutChannels === channels;
  const { x, residual, more, dy, y } = operands;
  // Of the output gradient, rows are read before those of the input gradient are written.
  const candidates = [...(whole ? [more] : []), residual, ...(sameShape ? [dy, y] : []), x];
  return candidates.filter((value) => value != null);
}

/** State updates that can be written straight into the variable's memory: nobody reads the old value later. */
function updatesInPlace(commands: readonly Command[], updates: readonly StateUpdate[]): Map<Value, Value> {
  const homes = new Map<Value, Value>();
  for (const { home, final } of updates) {
    const producer = commands.findIndex((command) => command.outputs.includes(final));
    if (producer < 0) continue;
    const safe = commands.every((command, i) => {
      if (i < producer || !inputsOf(command).includes(home)) return true;
      return i === producer && pointwiseOperands(command, final).includes(home);
    });
    const shared = updates.filter((update) => update.final === final).length > 1;
    if (safe && !shared && final.bytes === home.bytes) homes.set(final, home);
  }
  return homes;
}

/** Assigns memory by liveness: a value's block is free again after its last reader. */
export function plan(
  backend: NativeBackend,
  recorded: readonly Command[],
  updates: readonly StateUpdate[],
  outputs: readonly Value[],
): Plan {
  const inPlace = updatesInPlace(recorded, updates);
  const copies = updates.filter(({ final }) => !inPlace.has(final)).map(copyHome);
  const commands = [...recorded, ...copies];
  const lastUse = new Map<Value, number>();
  for (const [i, command] of commands.entries()) for (const value of operandsOf(command)) lastUse.set(value, i);
  for (const value of outputs) lastUse.set(value, Number.POSITIVE_INFINITY);

  const places = new Map<Value, Block>();
  const free = new Map<number, Block[]>();
  const blocks: Block[] = [];
  const take = (bytes: number): Block => {
    const block = free.get(blockBytes(bytes))?.pop();
    if (block) return block;
    const fresh = backend.pool.take(bytes);
    blocks.push(fresh);
    return fresh;
  };
  const blockOf = (value: Value): Block => {
    const block = places.get(value);
    if (!block) throw new Error('captureStep: a value of the step is used before it has memory.');
    return block;
  };
  const give = (value: Value) => {
    const block = blockOf(value);
    const list = free.get(block.bytes);
    if (list) list.push(block);
    else free.set(block.bytes, [block]);
  };

  for (const [i, command] of commands.entries()) {
    const ends = (value: Value) => lastUse.get(value) === i;
    const reused = new Set<Value>();
    for (const value of command.outputs) {
      if (inPlace.has(value) || value.external || places.has(value)) continue;
      const fits = ({ bytes }: Value) => blockBytes(bytes) === blockBytes(value.bytes);
      const heir = reusable(command, value)
        .filter(ends)
        .find((candidate) => places.has(candidate) && !reused.has(candidate) && fits(candidate));
      if (heir) reused.add(heir);
      places.set(value, heir ? blockOf(heir) : take(value.bytes));
    }
    for (const value of new Set(operandsOf(command)))
      if (ends(value) && places.has(value) && !reused.has(value)) give(value);
  }

  const address = (value: Value): number => {
    const target = inPlace.get(value) ?? value;
    return target.external ? target.external.address(backend.addon) : blockOf(target).address;
  };
  const words: number[] = [];
  for (const command of commands) {
    const { kernel, operands, numbers, links } = command;
    if (links) writeChain(backend.kernels, words, command, address);
    else backend.kernels.write(words, words.length, kernel, operands, numbers, address);
  }
  const placeOf = (value: Value) => inPlace.get(value)?.external?.block ?? value.external?.block ?? blockOf(value);
  return { words: Float64Array.from(words), calls: commands.length, blocks, blockOf: placeOf };
}

function copyHome({ home, final }: StateUpdate): Command {
  const numbers = { size: home.bytes, bytesPerElement: 1 };
  return { kernel: 'Copy', operands: { from: final, to: home }, outputs: [home], numbers };
}
