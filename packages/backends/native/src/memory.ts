// Recycled blocks of native memory. A freed block waits in the list of its size, so that after the first step a training
// loop allocates nothing: neither memory nor page faults.
import type { Addon } from './addon.ts';

export interface Block {
  readonly address: number;
  readonly bytes: number;
  readonly buffer: ArrayBuffer;
}

/** For sanitizers: every block exactly as large as its tensor, and none used twice, so that any overstepping shows. */
const exact = process.env.PRUNEBENCH_EXACT_BLOCKS === '1';

/** Free memory beyond this goes back to the system. */
const MAX_FREE_BYTES = exact ? 0 : 2 ** 31;

/** Rounds up to one of eight sizes per power of two, at least a cache line. */
export function blockBytes(bytes: number): number {
  if (exact) return Math.max(1, bytes);
  if (bytes <= 64) return 64;
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}

export class BlockPool {
  readonly #addon: Addon;
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  readonly #free = new Map<number, Block[]>();
  readonly #maxFreeBytes: number;
  #freeBytes = 0;
  #allocatedBytes = 0;

  constructor(addon: Addon, maxFreeBytes = MAX_FREE_BYTES) {
    this.#addon = addon;
    this.#maxFreeBytes = maxFreeBytes;
  }

  /** Bytes ever taken from the system, whether or not they went back; constant in a warm training loop. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** Whether a buffer is native memory, so that what lies in it may be overwritten once its tensor is gone. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.#buffers.has(buffer);
  }

  take(bytes: number): Block {
    const size = blockBytes(bytes);
    const block = this.#free.get(size)?.pop();
    if (block) {
      this.#freeBytes -= size;
      return block;
    }
    const buffer = this.#addon.allocate(size);
    this.#buffers.add(buffer);
    this.#allocatedBytes += size;
    return { address: this.#addon.addressOf(buffer), bytes: size, buffer };
  }

  give(block: Block): void {
    if (this.#freeBytes + block.bytes > this.#maxFreeBytes) {
      this.#addon.release(block.buffer);
      return;
    }
    this.#freeBytes += block.bytes;
    const list = this.#free.get(block.bytes);
    if (list) list.push(block);
    else this.#free.set(block.bytes, [block]);
  }
}
