// Rewrites a recorded step without changing one bit of its results.
import type { Numbers } from '../descriptors.ts';
import { chainElementwise } from './chains.ts';
import {
  addsRow,
  type Command,
  inputsOf,
  isSameShapeBinary,
  operandOf,
  readersOf,
  type Value,
  withValues,
} from './graph.ts';

/** The kernels that add a bias and take a ReLU on the way out, by the number that says how many columns their result has. */
const columnsOf: Readonly<Record<string, string>> = { MatMul: 'n', Conv2D: 'outChannels' };

/** Drops the commands whose results nobody reads, such as the gradient with respect to the input batch. */
function dropUnused(commands: readonly Command[], results: Iterable<Value>): Command[] {
  const needed = new Set(results);
  const kept: Command[] = [];
  for (const command of commands.toReversed()) {
    if (!command.outputs.some((value) => needed.has(value))) continue;
    for (const value of inputsOf(command)) needed.add(value);
    kept.push(command);
  }
  return kept.reverse();
}

/** For each value, the command that writes it. */
const producersOf = (commands: readonly Command[]): ReadonlyMap<Value, Command> =>
  new Map(commands.flatMap((command) => command.outputs.map((value) => [value, command] as const)));

/** dy * step(x) becomes one pass. */
function fuseReluGradients(commands: readonly Command[]): Command[] {
  const producer = producersOf(commands);
  return commands.map((command) => {
    if (!isSameShapeBinary(command, 'Multiply')) return command;
    const a = operandOf(command, 'a');
    const b = operandOf(command, 'b');
    const [dy, factor] = isStep(producer.get(b)) ? [a, producer.get(b)] : [b, producer.get(a)];
    if (!isStep(factor)) return command;
    const operands = { ...command.operands, a: dy, b: operandOf(factor, 'x') };
    return { ...command, operands, numbers: { ...command.numbers, operation: 'ReluGrad' } };
  });
}

/** The one value that a command writes. */
function resultOf({ kernel, outputs }: Command): Value {
  const [result] = outputs;
  if (!result) throw new Error(`The recorded ${kernel} writes nothing.`);
  return result;
}

/** product + bias, a row, moves into the product's own kernel when nobody else reads the bare product. */
function fuseBiasIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const writtenAt = new Map(commands.flatMap(({ outputs }, i) => outputs.map((value) => [value, i] as const)));
  const dropped = new Set<Command>();
  const fused = commands.map((command, i) => {
    if (!takesBiasAndRelu(command) || command.operands.bias) return command;
    const product = resultOf(command);
    const [use, ...others] = readers.get(product) ?? [];
    const columns = command.numbers[columnsOf[command.kernel] ?? ''];
    if (results.has(product) || !use || others.length > 0 || columns === undefined) return command;
    if (!addsRow(use, product, columns)) return command;
    const bias = operandOf(use, 'b');
    if ((writtenAt.get(bias) ?? -1) > i) return command;
    dropped.add(use);
    const withBias = { ...command, operands: { ...command.operands, bias } };
    return withValues(withBias, new Map([[product, operandOf(use, 'out')]]));
  });
  return fused.filter((command) => !dropped.has(command));
}

/**
 * relu(product) moves into the product's own kernel when nothing else needs the product's sign-carrying values: other
 * readers may only be ReLU gradients, to which relu(y) says the same as y.
 */
function fuseReluIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const replaced = new Map<Value, Value>();
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (!takesBiasAndRelu(command)) return command;
    const product = resultOf(command);
    if (results.has(product)) return command;
    const uses = readers.get(product) ?? [];
    const relus = uses.filter((use) => use.kernel === 'Unary' && use.numbers.operation === 'Relu');
    const others = uses.filter((use) => !relus.includes(use));
    const onlySigns = others.every((use) => isSameShapeBinary(use, 'ReluGrad') && use.operands.a !== product);
    const [relu, ...moreRelus] = relus;
    if (!relu || moreRelus.length > 0 || !onlySigns) return command;
    replaced.set(product, resultOf(relu));
    dropped.add(relu);
    return { ...command, numbers: { ...command.numbers, relu: true } };
  });
  return fused.filter((command) => !dropped.has(command)).map((command) => withValues(command, replaced));
}

/**
 * A weight update becomes one kernel with the product that gives its gradient, when nobody else reads the gradient. It runs
 * where the update stood: the old weights have no readers behind it.
 */
function fuseUpdatesIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const producer = producersOf(commands);
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (command.kernel !== 'MomentumUpdate') return command;
    const { gradient: _, ...updated } = command.operands;
    const gradient = operandOf(command, 'gradient');
    const product = producer.get(gradient);
    if (!isBareProduct(product) || results.has(gradient) || readers.get(gradient)?.length !== 1) return command;
    dropped.add(product);
    const { size: __, ...step } = command.numbers;
    return {
      kernel: 'MatMulMomentumUpdate',
      operands: { ...factorsOf(product), ...updated },
      outputs: command.outputs,
      numbers: { ...productNumbers(product), ...step },
    };
  });
  return fused.filter((command) => !dropped.has(command));
}

/** A ReLU's gradient moves into the product whose result it takes, when nobody else reads that. */
function fuseReluGradientsIntoProducts(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const producer = producersOf(commands);
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (!isSameShapeBinary(command, 'ReluGrad')) return command;
    const { a: dy, b: x, out } = command.operands;
    const product = dy ? producer.get(dy) : undefined;
    if (!dy || !isBareProduct(product) || results.has(dy) || x === dy || readers.get(dy)?.length !== 1) return command;
    dropped.add(product);
    const operands = { ...factorsOf(product), x, out };
    return { kernel: 'MatMulReluGrad', operands, outputs: command.outputs, numbers: productNumbers(product) };
  });
  return fused.filter((command) => !dropped.has(command));
}

/** The kernels that draw a mask and can say what it leaves of a weight, by their operand that is the mask. */
const masksOf: Readonly<Record<string, string>> = { TopKMask: 'mask', BernoulliNoise: 'out' };

/** weight * mask moves into the kernel that makes the mask, which has it at hand. */
function fuseProductsIntoMasks(commands: readonly Command[]): Command[] {
  const readers = readersOf(commands);
  const writtenAt = new Map(commands.flatMap(({ outputs }, i) => outputs.map((value) => [value, i] as const)));
  const dropped = new Set<Command>();
  const fused = commands.map((command, i) => {
    const operand = masksOf[command.kernel];
    if (operand === undefined) return command;
    const mask = operandOf(command, operand);
    const weightOf = ({ operands }: Command) => (operands.a === mask ? operands.b : operands.a);
    const use = readers.get(mask)?.find((reader) => {
      const weight = weightOf(reader);
      if (!weight || weight === mask || !isSameShapeBinary(reader, 'Multiply')) return false;
      return weight.bytes === mask.bytes && (writtenAt.get(weight) ?? -1) < i;
    });
    if (!use) return command;
    dropped.add(use);
    const masked = operandOf(use, 'out');
    const operands = { ...command.operands, weight: weightOf(use), masked };
    return { ...command, operands, outputs: [...command.outputs, masked] };
  });
  return fused.filter((command) => !dropped.has(command));
}

/** The sigmoid that makes logits probabilities moves into the noise drawn by them, when nobody else reads these. */
function fuseSigmoidsIntoNoise(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const readers = readersOf(commands);
  const producer = producersOf(commands);
  const dropped = new Set<Command>();
  const fused = commands.map((command) => {
    if (command.kernel !== 'BernoulliNoise') return command;
    const probability = operandOf(command, 'probability');
    const sigmoid = producer.get(probability);
    if (sigmoid?.kernel !== 'Unary' || sigmoid.numbers.operation !== 'Sigmoid') return command;
    if (results.has(probability) || readers.get(probability)?.length !== 1) return command;
    dropped.add(sigmoid);
    const operands = { ...command.operands, probability: operandOf(sigmoid, 'x') };
    return { ...command, operands, numbers: { ...command.numbers, logistic: true } };
  });
  return fused.filter((command) => !dropped.has(command));
}

const takesBiasAndRelu = ({ kernel, numbers }: Command): boolean => kernel in columnsOf && !numbers.relu;

const factorsOf = (product: Command) => ({ a: operandOf(product, 'a'), b: operandOf(product, 'b') });

/** What the kernels that end in something else than a sum take over of a product. */
function productNumbers({ numbers }: Command): Numbers {
  const { batch, strideA, strideB, relu, ...shape } = numbers;
  return shape;
}

/** Whether a command is one matrix product without bias or ReLU. */
function isBareProduct(command: Command | undefined): command is Command {
  if (command?.kernel !== 'MatMul') return false;
  return command.numbers.batch === 1 && !command.operands.bias && !command.numbers.relu;
}

function isStep(command: Command | undefined): command is Command {
  return command?.kernel === 'Unary' && command.numbers.operation === 'Step' && command.numbers.first === 0;
}

/** All rewrites. `results` are the values that must survive. */
export function optimize(commands: readonly Command[], results: readonly Value[]): Command[] {
  const used = dropUnused(fuseReluGradients(dropUnused(commands, results)), results);
  const kept = new Set(results);
  const live = fuseSigmoidsIntoNoise(fuseProductsIntoMasks(used), kept);
  // ReLUs before their gradients: only gradients that stand alone let a ReLU in.
  const forward = fuseReluIntoProducts(fuseBiasIntoProducts(live, kept), kept);
  // Chains last: what is left of the elementwise commands.
  return chainElementwise(fuseUpdatesIntoProducts(fuseReluGradientsIntoProducts(forward, kept), kept), kept);
}
