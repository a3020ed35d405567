// What a chain computes, as text: two chains of one form differ in where their operands lie, in their numbers and in their size alone. The
// forms that the library has been built with run as one loop each (cc/elementwise/compiled-chains.cc, which scripts/compile-chains.ts writes).
import { createHash } from 'node:crypto';
import type { KernelTable } from '../descriptors.ts';
import { stepOf } from './chains.ts';
import { type Command, operandsOf, type Value } from './graph.ts';

/**
 * A chain's links in their order, such as `Unary.Square(x0,t0) Binary.Multiply.Same(t0,c0,x1)`: the kernel, what it is told by name, and its
 * operands in their order. `x` lies outside and is walked through, `c` is one number for all elements, `t` does not leave the chain; behind
 * the letters of what has not four bytes an element stands how many; `-` is missing.
 */
export function formOf(kernels: KernelTable, chain: Command): string {
  const size = Number(chain.numbers.size);
  const outer = new Set(operandsOf(chain));
  const names = new Map<Value, string>();
  const counts = new Map<string, number>();
  const nameOf = (link: Command, operand: string, value: Value): string => {
    const step = stepOf(link, operand, size);
    const kind = step === 0 ? 'c' : outer.has(value) ? 'x' : 't';
    const letters = step === 0 || step === 4 ? kind : `${kind}${step}_`;
    const known = names.get(value);
    if (known) return known;
    const count = counts.get(letters) ?? 0;
    counts.set(letters, count + 1);
    names.set(value, `${letters}${count}`);
    return `${letters}${count}`;
  };
  const linkForm = (link: Command): string => {
    const told = Object.entries(link.numbers).flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
    const operands = kernels
      .descriptor(link.kernel)
      .operandNames()
      .map((name) => (link.operands[name] ? nameOf(link, name, link.operands[name]) : '-'));
    return `${[link.kernel, ...told].join('.')}(${operands.join(',')})`;
  };
  return (chain.links ?? []).map(linkForm).join(' ');
}

/** The kernel that a form has if it has been compiled. */
export const compiledName = (form: string): string =>
  `Chain${createHash('sha256').update(form).digest('hex').slice(0, 12)}`;

const interpreted = new Set<string>();

/** The forms of the chains that steps have been captured with so far and that run link by link, for they have not been compiled. */
export const interpretedChains = (): readonly string[] => [...interpreted];

/** The kernel that runs a chain. */
export function kernelOf(kernels: KernelTable, chain: Command): string {
  const form = formOf(kernels, chain);
  const name = compiledName(form);
  if (kernels.has(name)) return name;
  interpreted.add(form);
  return 'Chain';
}
