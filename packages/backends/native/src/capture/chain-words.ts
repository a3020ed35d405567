// The call of a chain as the addon reads it (cc/elementwise/chain.cc).
import type { KernelTable } from '../descriptors.ts';
import { kernelOf } from './chain-form.ts';
import { isSum, sizeNameOf, stepOf } from './chains.ts';
import { type Command, operandsOf, type Value } from './graph.ts';

/**
 * Lays a chain's call out at the end of `words`.
 *
 * @param address of a value that lies outside the chain
 * @param kernel `Chain` runs any chain; others run the form that they have been compiled for
 */
export function writeChain(
  kernels: KernelTable,
  words: number[],
  chain: Command,
  address: (value: Value) => number,
  kernel = kernelOf(kernels, chain),
): void {
  const size = Number(chain.numbers.size);
  const links = chain.links ?? [];
  const slots = slotsOf(links, new Set(operandsOf(chain)));
  const program: number[] = [];
  for (const link of links) {
    const descriptor = kernels.descriptor(link.kernel);
    const factor = isSum(link) ? (link.numbers.mean ? 1 / size : 1) : 0;
    program.push(factor, descriptor.numbers.placeOf(sizeNameOf(link)));
    const addressOf = (value: Value) => slots.get(value) ?? address(value);
    kernels.write(program, program.length, link.kernel, link.operands, link.numbers, addressOf);
    program.push(...descriptor.operandNames().map((name) => stepOf(link, name, size)));
  }
  const numbers = { size, slots: Math.max(0, ...slots.values()), rank: program.length, program };
  kernels.write(
    words,
    words.length,
    kernel,
    {},
    { ...numbers, links: links.length, sums: links.filter(isSum).length },
    address,
  );
}

/** For each value that does not leave the chain, the slot in which its block lies, from 1 on; free again behind its last reader. */
function slotsOf(links: readonly Command[], outer: ReadonlySet<Value>): ReadonlyMap<Value, number> {
  const slots = new Map<Value, number>();
  const lastUse = new Map<Value, number>();
  for (const [i, link] of links.entries()) for (const value of operandsOf(link)) lastUse.set(value, i);
  const free: number[] = [];
  let made = 0;
  for (const [i, link] of links.entries()) {
    for (const value of link.outputs) if (!outer.has(value)) slots.set(value, free.pop() ?? ++made);
    // Behind the outputs: of two widths, an output would overtake an input in one slot.
    for (const value of new Set(operandsOf(link))) {
      const slot = slots.get(value);
      if (slot !== undefined && lastUse.get(value) === i) free.push(slot);
    }
  }
  return slots;
}
