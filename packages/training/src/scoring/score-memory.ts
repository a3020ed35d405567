import { contentHash, type Scores } from '@prunebench/core';
import { LRUCache } from 'lru-cache';

/** Four criteria's scores of a VGG-16, in double precision: more is not asked for again. */
export const MOST_SCORE_BYTES = 512 * 2 ** 20;
/**
 * A table's criteria at one state, which come back at its next sparsity. Scores of states from longer ago are not asked for again, and a
 * worker that kept them would grow with every trial.
 */
const MOST_ENTRIES = 24;

export interface RememberedScores {
  readonly scores: Scores;
  /** Seconds that computing them took, where that was done for an earlier step; else 0. */
  readonly savedSeconds: number;
}

/**
 * Scores that steps computed lately. A table asks for many sparsities of one criterion; in one shot they all select from the
 * same scores. Scores that do not fit are computed anew.
 */
export class ScoreMemory {
  readonly #cache: LRUCache<string, { readonly scores: Scores; readonly seconds: number }>;

  /** @param bytes that the scores may take; less where others share the machine */
  constructor(bytes = MOST_SCORE_BYTES) {
    this.#cache = new LRUCache({
      max: MOST_ENTRIES,
      maxSize: bytes,
      sizeCalculation: ({ scores }) => Object.values(scores).reduce((sum, layer) => sum + layer.byteLength, 1),
    });
  }

  /** How many steps' scores are kept. */
  get size(): number {
    return this.#cache.size;
  }

  /**
   * @param identity everything that decides the scores, as plain data
   * @throws whatever `compute` throws; nothing is remembered then
   */
  async recall(identity: unknown, compute: () => Promise<Scores> | Scores): Promise<RememberedScores> {
    const key = contentHash(identity);
    const known = this.#cache.get(key);
    if (known) return { scores: known.scores, savedSeconds: known.seconds };
    const started = performance.now();
    const scores = await compute();
    this.#cache.set(key, { scores, seconds: (performance.now() - started) / 1000 });
    return { scores, savedSeconds: 0 };
  }
}
