// Rewrites a recorded step without changing one bit of its results.
import { type Command, inputsOf, readersOf, type Value } from './graph.ts';

const codes = { add: 0, relu: 0, step: 1, multiply: 2, reluGrad: 7 };

/** Which number of a product's kernel says how many columns (or channels) its result has. */
const columnsAt: Readonly<Record<string, number>> = { MatMul: 2, Conv2D: 6 };
const biasOperand = 2;

/** Drops the commands whose results nobody reads, such as the gradient with respect to the input batch. */
export function dropUnused(commands: readonly Command[], results: Iterable<Value>): Command[] {
  const needed = new Set(results);
  const kept: Command[] = [];
  for (const command of commands.toReversed()) {
    if (!command.outputs.some((value) => needed.has(value))) continue;
    for (const value of inputsOf(command)) needed.add(value);
    kept.push(command);
  }
  return kept.reverse();
}

/** dy * step(x) becomes one pass. */
export function fuseReluGradients(commands: readonly Command[]): Command[] {
  const producer = new Map(commands.flatMap((command) => command.outputs.map((value) => [value, command] as const)));
  return commands.map((command) => {
    if (!isSameShapeBinary(command, codes.multiply)) return command;
    const [a, b, out] = command.operands as [Value, Value, Value];
    const [dy, factor] = isStep(producer.get(b)) ? [a, producer.get(b)!] : [b, producer.get(a)];
    if (!isStep(factor)) return command;
    const numbers = [codes.reluGrad, ...command.numbers.slice(1)];
    return { kernel: 'Binary', operands: [dy, factor!.operands[0]!, out], outputs: [out], numbers };
  });
}

/** product + bias, a row, moves into the product's own kernel when nobody else reads the bare product. */
export function fuseBiasIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const writtenAt = new Map(commands.flatMap(({ outputs }, i) => outputs.map((value) => [value, i] as const)));
  const dropped = new Set<Command>();
  const fused = commands.map((command, i) => {
    const { kernel, operands, numbers } = command;
    if (!(kernel in columnsAt) || numbers.at(-1) !== 0 || operands[biasOperand]) return command;
    const [product] = command.outputs as [Value];
    const uses = readers.get(product) ?? [];
    if (results.has(product) || uses.length !== 1 || !addsRow(uses[0]!, product, numbers[columnsAt[kernel]!]!)) {
      return command;
    }
    const [, bias, sum] = uses[0]!.operands as [Value, Value, Value];
    if ((writtenAt.get(bias) ?? -1) > i) return command;
    dropped.add(uses[0]!);
    const [left, right] = operands as [Value, Value];
    return { kernel, operands: [left, right, bias, sum], outputs: [sum], numbers: [...numbers] };
  });
  return fused.filter((command) => !dropped.has(command));
}

/**
 * relu(product) moves into the product's own kernel when nothing else needs the product's sign-carrying values: other
 * readers may only be ReLU gradients, to which relu(y) says the same as y.
 */
export function fuseReluIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const replaced = new Map<Value, Value>();
  const dropped = new Set<Command>();
  for (const command of commands) {
    if (!(command.kernel in columnsAt) || command.numbers.at(-1) !== 0) continue;
    const [product] = command.outputs as [Value];
    if (results.has(product)) continue;
    const uses = readers.get(product) ?? [];
    const relus = uses.filter((use) => use.kernel === 'Unary' && use.numbers[0] === codes.relu);
    const others = uses.filter((use) => !relus.includes(use));
    const onlySigns = others.every((use) => isSameShapeBinary(use, codes.reluGrad) && use.operands[0] !== product);
    if (relus.length !== 1 || !onlySigns) continue;
    replaced.set(product, relus[0]!.outputs[0]!);
    dropped.add(relus[0]!);
    command.numbers[command.numbers.length - 1] = 1;
  }
  const renamed = (value: Value | null) => (value && replaced.get(value)) ?? value;
  return commands
    .filter((command) => !dropped.has(command))
    .map((command) => ({
      ...command,
      operands: command.operands.map(renamed),
      outputs: command.outputs.map((value) => renamed(value)!),
    }));
}

/**
 * A weight update becomes one kernel with the product that gives its gradient, when nobody else reads the gradient. It runs
 * where the update stood: the old weights have no readers behind it.
 */
export function fuseUpdatesIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const producer = new Map(commands.flatMap((command) => command.outputs.map((value) => [value, command] as const)));
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (command.kernel !== 'MomentumUpdate') return command;
    const [param, velocity, gradient, ...others] = command.operands as [Value, Value, Value, ...(Value | null)[]];
    const product = producer.get(gradient);
    if (!isBareProduct(product) || results.has(gradient) || readers.get(gradient)!.length !== 1) return command;
    dropped.add(product!);
    const [left, right] = product!.operands as [Value, Value];
    const [, m, n, k, transposeA, transposeB] = product!.numbers as [number, number, number, number, number, number];
    const numbers = [m, n, k, transposeA, transposeB, ...command.numbers.slice(1)];
    const operands = [left, right, param, velocity, ...others];
    return { kernel: 'MatMulMomentumUpdate', operands, outputs: command.outputs, numbers };
  });
  return fused.filter((command) => !dropped.has(command));
}

/** A ReLU's gradient moves into the product whose result it takes, when nobody else reads that. */
export function fuseReluGradientsIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const producer = new Map(commands.flatMap((command) => command.outputs.map((value) => [value, command] as const)));
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (!isSameShapeBinary(command, codes.reluGrad)) return command;
    const [dy, x, out] = command.operands as [Value, Value, Value];
    const product = producer.get(dy);
    if (!isBareProduct(product) || results.has(dy) || x === dy || readers.get(dy)!.length !== 1) return command;
    dropped.add(product!);
    const [left, right] = product!.operands as [Value, Value];
    const numbers = product!.numbers.slice(1, 6);
    return { kernel: 'MatMulReluGrad', operands: [left, right, x, out], outputs: [out], numbers };
  });
  return fused.filter((command) => !dropped.has(command));
}

/** Whether a command is one matrix product without bias or ReLU. */
function isBareProduct(command: Command | undefined): boolean {
  return (
    command?.kernel === 'MatMul' &&
    command.numbers[0] === 1 &&
    !command.operands[biasOperand] &&
    command.numbers.at(-1) === 0
  );
}

function isSameShapeBinary(command: Command, code: number): boolean {
  const { kernel, numbers } = command;
  return kernel === 'Binary' && numbers[0] === code && numbers[1] === 1 && numbers[3] === 1 && numbers[4] === 1;
}

/** Whether a command adds a row of so many columns to each row of a matrix. */
function addsRow({ kernel, operands, numbers }: Command, matrix: Value, columns: number): boolean {
  const [code, rank, , width, ...strides] = numbers;
  const row = code === codes.add && rank === 2 && width === columns && strides.join() === [width, 1, 0, 1].join();
  return kernel === 'Binary' && row && operands[0] === matrix && operands[1] !== matrix;
}

function isStep(command: Command | undefined): boolean {
  return command?.kernel === 'Unary' && command.numbers[0] === codes.step && command.numbers[2] === 0;
}

/** All rewrites. `results` are the values that must survive. */
export function optimize(commands: readonly Command[], results: readonly Value[]): Command[] {
  const live = dropUnused(fuseReluGradients(dropUnused(commands, results)), results);
  const kept = new Set(results);
  // ReLUs before their gradients: only gradients that stand alone let a ReLU in.
  const forward = fuseReluIntoProducts(fuseBiasIntoProducts(live, kept), kept);
  return fuseUpdatesIntoProducts(fuseReluGradientsIntoProducts(forward, kept), kept);
}
