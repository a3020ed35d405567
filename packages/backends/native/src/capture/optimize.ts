// Rewrites a recorded step without changing one bit of its results.
import { type Command, inputsOf, readersOf, type Value } from './graph.ts';

const codes = { relu: 0, step: 1, multiply: 2, reluGrad: 7 };

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

/**
 * relu(product) moves into the product's own kernel when nothing else needs the product's sign-carrying values: other
 * readers may only be ReLU gradients, to which relu(y) says the same as y.
 */
export function fuseReluIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const replaced = new Map<Value, Value>();
  const dropped = new Set<Command>();
  for (const command of commands) {
    if (!['MatMul', 'Conv2D'].includes(command.kernel) || command.numbers.at(-1) !== 0) continue;
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

function isSameShapeBinary(command: Command, code: number): boolean {
  const { kernel, numbers } = command;
  return kernel === 'Binary' && numbers[0] === code && numbers[1] === 1 && numbers[3] === 1 && numbers[4] === 1;
}

function isStep(command: Command | undefined): boolean {
  return command?.kernel === 'Unary' && command.numbers[0] === codes.step && command.numbers[2] === 0;
}

/** All rewrites. `results` are the values that must survive. */
export function optimize(commands: readonly Command[], results: readonly Value[]): Command[] {
  const live = dropUnused(fuseReluGradients(dropUnused(commands, results)), results);
  return fuseReluIntoProducts(live, new Set(results));
}
