// A recorded step: kernel calls over values. A value comes from outside, or is written by one command, or piece by piece by
// several that stand before all of its readers (a concatenation).
import type { NativeData } from '../backend.ts';

export interface Value {
  readonly bytes: number;
  /** Of a value from outside: its memory, fixed for the life of the step. */
  readonly external: NativeData | undefined;
}

export interface Command {
  kernel: string;
  operands: (Value | null)[];
  /** Which operands the kernel writes; it reads the others. */
  outputs: Value[];
  numbers: number[];
}

export const inputsOf = ({ operands, outputs }: Command): Value[] =>
  operands.filter((value): value is Value => value !== null && !outputs.includes(value));

/** For each value, the commands that read it. */
export function readersOf(commands: readonly Command[]): Map<Value, Command[]> {
  const readers = new Map<Value, Command[]>();
  for (const command of commands) {
    for (const value of new Set(inputsOf(command))) {
      const list = readers.get(value);
      if (list) list.push(command);
      else readers.set(value, [command]);
    }
  }
  return readers;
}
