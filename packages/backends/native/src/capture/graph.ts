// A recorded step: kernel calls over values. A value comes from outside, or is written by one command, or piece by piece by
// several that stand before all of its readers (a concatenation).
import type { NativeData } from '../backend.ts';
import type { Numbers, NumberValue } from '../descriptors.ts';

export interface Value {
  readonly bytes: number;
  /** Of a value from outside: its memory, fixed for the life of the step. */
  readonly external: NativeData | undefined;
}

export interface Command {
  readonly kernel: string;
  /** By name; an optional one may be missing. */
  readonly operands: Readonly<Record<string, Value | null | undefined>>;
  /** Which operands the kernel writes; it reads the others. */
  readonly outputs: readonly Value[];
  readonly numbers: Numbers;
  /** Of a chain: the commands that it runs, in their order; its operands are the values that come from outside or leave it. */
  readonly links?: readonly Command[];
}

/** All operands that are there. */
export const operandsOf = ({ operands }: Command): Value[] => Object.values(operands).filter((value) => value != null);

export const inputsOf = (command: Command): Value[] =>
  operandsOf(command).filter((value) => !command.outputs.includes(value));

/** @throws Error where the command has no such operand */
export function operandOf({ kernel, operands }: Command, name: string): Value {
  const value = operands[name];
  if (!value) throw new Error(`The recorded ${kernel} has no operand '${name}'.`);
  return value;
}

/** The command with other values in the place of some of its operands. */
export function withValues(command: Command, replaced: ReadonlyMap<Value, Value>): Command {
  const renamed = (value: Value) => replaced.get(value) ?? value;
  const operands = Object.entries(command.operands).map(([name, value]) => [name, value && renamed(value)] as const);
  return { ...command, operands: Object.fromEntries(operands), outputs: command.outputs.map(renamed) };
}

/** For each value, the commands that read it. */
export const readersOf = (commands: readonly Command[]) => byValue(commands, inputsOf);

/** For each value, the commands that write it or a piece of it. */
export const writersOf = (commands: readonly Command[]) => byValue(commands, ({ outputs }) => outputs);

function byValue(commands: readonly Command[], valuesOf: (command: Command) => Iterable<Value>): Map<Value, Command[]> {
  const lists = new Map<Value, Command[]>();
  for (const command of commands) {
    for (const value of new Set(valuesOf(command))) {
      const list = lists.get(value);
      if (list) list.push(command);
      else lists.set(value, [command]);
    }
  }
  return lists;
}

const isList = (value: NumberValue | undefined, expected: readonly number[]): boolean =>
  typeof value === 'object' && value.length === expected.length && value.every((one, i) => one === expected[i]);

/** Whether a command is a binary operation (this one, if it is given) on two tensors of one shape. */
export function isSameShapeBinary({ kernel, numbers }: Command, operation?: string): boolean {
  const { stridesA, stridesB } = numbers;
  const wanted = kernel === 'Binary' && (operation === undefined || numbers.operation === operation);
  return wanted && isList(stridesA, [1]) && isList(stridesB, [1]);
}

/** Whether each operand of a binary operation or comparison has the result's shape or is one number for all. */
export function isSameShapeOrScalar({ numbers: { rank, stridesA, stridesB } }: Command): boolean {
  const one = (strides: NumberValue | undefined) => isList(strides, [1]);
  const all = (strides: NumberValue | undefined) => one(strides) || isList(strides, [0]);
  return rank === 1 && all(stridesA) && all(stridesB) && (one(stridesA) || one(stridesB));
}

/** Whether a command adds a row of so many columns to each row of a matrix. */
export function addsRow({ kernel, operands, numbers }: Command, matrix: Value, columns: NumberValue): boolean {
  const { operation, sizes, stridesA, stridesB } = numbers;
  if (kernel !== 'Binary' || operation !== 'Add' || typeof columns !== 'number') return false;
  const row = typeof sizes === 'object' && sizes[1] === columns;
  const byRows = row && isList(stridesA, [columns, 1]) && isList(stridesB, [0, 1]);
  return byRows && operands.a === matrix && operands.b !== matrix;
}
