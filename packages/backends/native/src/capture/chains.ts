// Elementwise commands over equally many elements become one chain, which runs them block by block: what one leaves for the next stays
// in the processor's nearest cache, and needs no memory of its own. The numbers are the same to the bit.
import { type Group, Groups } from './chain-groups.ts';
import { type Command, inputsOf, isSameShapeOrScalar, operandsOf, type Value, writersOf } from './graph.ts';

/** Fewer elements than this lie in the nearest cache as they are. */
const LEAST_ELEMENTS = 1024;

/** How a kernel that computes element by element names its number of elements, and the operands that are the same for all. */
const elementwise: Readonly<Record<string, { readonly size: string; readonly scalars?: readonly string[] }>> = {
  Unary: { size: 'size' },
  Binary: { size: 'sizes' },
  Compare: { size: 'sizes' },
  Test: { size: 'size' },
  Select: { size: 'size' },
  Cast: { size: 'size' },
  Fill: { size: 'size' },
  MomentumUpdate: { size: 'size', scalars: ['learningRate'] },
  AdamUpdate: { size: 'size', scalars: ['schedule'] },
};

/** The number that says how many elements a link has. */
export const sizeNameOf = ({ kernel }: Command): string => elementwise[kernel]?.size ?? 'reduced';

/** Whether a link adds all its elements up; its sum is there when the chain has ended. */
export const isSum = ({ kernel }: Command): boolean => kernel === 'Sum';

/** Over how many elements a command runs if a chain may have it, else 0. */
function elementsOf(command: Command): number {
  const { kernel, numbers } = command;
  if (isSum(command)) return numbers.outer === 1 && numbers.inner === 1 ? Number(numbers.reduced) : 0;
  const form = elementwise[kernel];
  if (!form || (form.size === 'sizes' && !isSameShapeOrScalar(command))) return 0;
  const size = numbers[form.size];
  return typeof size === 'object' ? (size[0] ?? 0) : Number(size);
}

/** Bytes from one element of a link's operand to the next: 0 where all elements share one value. */
export function stepOf(command: Command, operand: string, size: number): number {
  const { kernel, operands, numbers } = command;
  if (isSum(command)) return operand === 'x' ? 4 : 0;
  if (elementwise[kernel]?.scalars?.includes(operand)) return 0;
  const strides = operand === 'a' ? numbers.stridesA : operand === 'b' ? numbers.stridesB : undefined;
  if (typeof strides === 'object' && strides[0] === 0) return 0;
  return (operands[operand]?.bytes ?? 0) / size;
}

/** All elementwise commands in chains, as late as their readers allow, so that forward values are not kept for the way back. */
export function chainElementwise(commands: readonly Command[], results: ReadonlySet<Value>): Command[] {
  const writers = writersOf(commands);
  const groups = new Groups(commands);
  for (const command of commands.toReversed()) {
    const size = elementsOf(command);
    const open = size >= LEAST_ELEMENTS ? groups.open(command, size).filter((one) => !needsSumOf(one, command)) : [];
    const group = open.find((one) => hasReaderIn(one, command)) ?? open.find((one) => readsAlike(one, command));
    groups.add(command, size, group);
  }

  function hasReaderIn(group: Group, command: Command): boolean {
    return groups.readersOf(command).some((reader) => groups.of(reader) === group);
  }

  /** Whether the command is a sum, which is there only when its chain has ended, and the group reads it. */
  function needsSumOf(group: Group, command: Command): boolean {
    return isSum(command) && hasReaderIn(group, command);
  }

  /** Whether the group reads what the command reads, or what a sum's terms are made of. */
  function readsAlike(group: Group, command: Command): boolean {
    const read = inputsOf(command);
    const terms = isSum(command) ? read.flatMap((value) => writers.get(value) ?? []).flatMap(inputsOf) : [];
    return [...read, ...terms].some((value) =>
      groups.readers.get(value)?.some((reader) => groups.of(reader) === group),
    );
  }

  return inOrder(commands, groups, writers).flatMap(({ size, members }) =>
    connected(members).map((part) => {
      const [only] = part;
      return only && part.length === 1 ? only : chainOf(part, size, results, groups.readers);
    }),
  );
}

/** A group's members in parts that share no tensor, such as layers of one shape, which share a learning rate alone. */
function connected(members: readonly Command[]): Command[][] {
  let parts: { readonly members: Set<Command>; readonly values: Set<Value> }[] = [];
  for (const command of members) {
    const values = operandsOf(command).filter(({ bytes }) => bytes >= LEAST_ELEMENTS);
    const [near, far] = [true, false].map((wanted) =>
      parts.filter((part) => values.some((value) => part.values.has(value)) === wanted),
    );
    const united = { members: new Set([command]), values: new Set(values) };
    for (const part of near ?? []) {
      for (const one of part.members) united.members.add(one);
      for (const value of part.values) united.values.add(value);
    }
    parts = [...(far ?? []), united];
  }
  return parts.map((part) => members.filter((command) => part.members.has(command)));
}

/** The groups such that each comes behind those whose results it reads, else where its last member stood. */
function inOrder(
  commands: readonly Command[],
  groups: Groups,
  writers: ReadonlyMap<Value, readonly Command[]>,
): Group[] {
  const placed = new Set<Group>();
  const place = (group: Group) => {
    if (placed.has(group)) return;
    for (const value of group.members.flatMap(inputsOf))
      for (const writer of writers.get(value) ?? []) {
        const before = groups.of(writer);
        if (before && before !== group) place(before);
      }
    placed.add(group);
  };
  for (const command of commands) {
    const group = groups.of(command);
    if (group?.members.at(-1) === command) place(group);
  }
  return [...placed];
}

/** The command that stands for several. */
function chainOf(
  links: readonly Command[],
  size: number,
  results: ReadonlySet<Value>,
  readers: ReadonlyMap<Value, readonly Command[]>,
): Command {
  const written = new Set(links.flatMap(({ outputs }) => outputs));
  const isInner = (value: Value) =>
    written.has(value) && !results.has(value) && (readers.get(value) ?? []).every((reader) => links.includes(reader));
  const outer = [...new Set(links.flatMap(operandsOf))].filter((value) => !isInner(value));
  const operands = Object.fromEntries(outer.map((value, i) => [String(i), value]));
  return { kernel: 'Chain', operands, outputs: outer.filter((value) => written.has(value)), numbers: { size }, links };
}

/** Whether an output of a chain may lie where its input lies: no link reads the input behind the one that writes the output. */
export function mayShare(links: readonly Command[], input: Value, output: Value): boolean {
  const lastRead = links.findLastIndex((link) => inputsOf(link).includes(input));
  return lastRead <= links.findIndex(({ outputs }) => outputs.includes(output));
}
