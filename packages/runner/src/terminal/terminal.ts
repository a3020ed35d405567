import { printableLines } from '@prunebench/core/printable';

/**
 * From now on what is printed line by line can neither move the cursor nor change colours: control characters in the names,
 * reasons and paths of others are written out, in JSON too. Progress bars and error messages see to that themselves.
 */
export function printSafely(): void {
  for (const method of ['log', 'error', 'warn'] as const) {
    const print = console[method].bind(console);
    console[method] = (...values: unknown[]) =>
      print(...values.map((value) => (typeof value === 'string' ? printableLines(value) : value)));
  }
}
