import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  brokenSeal,
  codeOf,
  contentKey,
  type Evaluation,
  PrunebenchError,
  refuseNotFinite,
  SCHEMA_VERSION,
  type State,
  type StepMetrics,
  sealed,
} from '@prunebench/core';
import {
  absentUnlessUncertain,
  FileError,
  isTaken,
  type Notice,
  readTextIfThere,
  setAside,
  sha256,
  sweepLeftovers,
  syncFolder,
  writeJson,
} from '@prunebench/files';
import { readState, writeState } from '@prunebench/interop';
import { spentTime } from '@prunebench/training/spent-time';
import { z } from 'zod';
import { recordedMetrics } from '../worker/check-metrics.ts';

const evaluation = z.strictObject({ accuracy: z.number(), loss: z.number() });
const evaluations = z.strictObject({ validation: evaluation, test: evaluation });
const sealedEvaluations = evaluations.extend({ digest: z.string() });
/** A state's accuracy and loss on the two splits that records report. */
export type Evaluations = z.output<typeof evaluations>;

const stageInfo = z.strictObject({
  schema: z.literal(SCHEMA_VERSION),
  key: z.string(),
  /** For readers: which step of which trial this is. */
  kind: z.string(),
  dataset: z.string(),
  network: z.string(),
  seed: z.int(),
  backend: z.string(),
  seconds: z.number(),
  metrics: recordedMetrics,
  /** How often its step evaluated the validation or the test split; absent in stages of earlier versions. */
  evaluated: z.int().min(0).optional(),
  state: z.strictObject({ bytes: z.int(), sha256: z.string() }),
  /** Of everything else in the file (see `sealed`); absent in stages of earlier versions. */
  digest: z.string().optional(),
});

/** What `stage.json` says about a finished stage. */
export type StageInfo = z.output<typeof stageInfo>;

/** A stage as its worker hands it over. */
export type FinishedStage = Omit<StageInfo, 'schema' | 'metrics' | 'state' | 'digest'> & {
  readonly metrics: StepMetrics;
  readonly state: State;
  readonly evaluations?: Evaluations | undefined;
};

/** A stage that was believed finished cannot be read; it was set aside and must be computed again. */
export class LostStageError extends Error {
  readonly key: string;

  constructor(key: string, message: string) {
    super(message);
    this.name = 'LostStageError';
    this.key = key;
  }
}

const STATE = 'state.safetensors';
const INFO = 'stage.json';
const EVALUATIONS = 'evaluations.json';

/**
 * Finished stages, one folder each: the state, what the step reported, and the evaluations asked for so far. A folder
 * is filled under a temporary name and renamed, so it is complete from the moment it can be found.
 */
export class StageStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Removes what killed workers left behind. Only for the holder of the folder's lock. */
  async sweep(): Promise<void> {
    for (const entry of await readdir(this.#root, { withFileTypes: true })) {
      const path = join(this.#root, entry.name);
      if (entry.name.endsWith('.tmp')) await rm(path, { recursive: true, force: true });
      else if (entry.isDirectory()) await sweepLeftovers(path);
    }
  }

  commit(stage: FinishedStage): Promise<void> {
    return spentTime.during('write states', () => this.#commit(stage));
  }

  async #commit(stage: FinishedStage): Promise<void> {
    const { state, evaluations: evaluated, ...info } = stage;
    const draft = `${this.#folder(stage.key)}.${randomUUID()}.tmp`;
    await mkdir(draft);
    try {
      const file = join(draft, STATE);
      await writeState(file, state);
      const { size } = await stat(file);
      if (evaluated) await writeJson(join(draft, EVALUATIONS), sealed(evaluated));
      const written = { schema: SCHEMA_VERSION, ...info, state: { bytes: size, sha256: await sha256(file) } };
      await writeJson(join(draft, INFO), sealed(written));
      await syncFolder(draft);
      await this.#publish(draft, stage.key);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** What is known of a finished stage, for who only looks: a folder whose parts do not fit together stays where it is, and is no stage. */
  async peek(key: string): Promise<StageInfo | undefined> {
    const folder = this.#folder(key);
    const info = (await isTaken(folder)) && (await isOwnFolder(folder)) ? await this.#readInfo(folder) : undefined;
    return typeof info === 'object' ? info : undefined;
  }

  /**
   * What is known of a finished stage, or undefined; a folder whose parts do not fit together is set aside.
   *
   * @throws FileError where a part cannot be read, which says nothing about what it holds
   */
  async find(key: string, notice: Notice): Promise<StageInfo | undefined> {
    const folder = this.#folder(key);
    if (!(await isTaken(folder))) return undefined;
    // A link is none of the store's: what it leads to may be anybody's.
    const info = (await isOwnFolder(folder)) ? await this.#readInfo(folder) : 'it is no folder';
    if (typeof info !== 'string') return info;
    await this.#setAside(key, info, notice);
    return undefined;
  }

  /** Those of `keys` whose stages are finished; see `find`. */
  async finished(keys: Iterable<string>, notice: Notice): Promise<ReadonlySet<string>> {
    const finished = new Set<string>();
    for (const key of keys) if (await this.find(key, notice)) finished.add(key);
    return finished;
  }

  /**
   * The state after a finished stage.
   *
   * @throws LostStageError when its file does not have the recorded checksum; the stage has then been set aside
   */
  readState(key: string, notice: Notice): Promise<State> {
    return spentTime.during('read states', () => this.#readState(key, notice));
  }

  async #readState(key: string, notice: Notice): Promise<State> {
    const info = await this.find(key, notice);
    if (!info) throw new LostStageError(key, `Stage ${key} is not there any more.`);
    const file = join(this.#folder(key), STATE);
    try {
      if ((await sha256(file)) !== info.state.sha256) throw new PrunebenchError('its checksum does not match');
      return await readState(file);
    } catch (error) {
      // Another worker has just set it aside.
      if (codeOf(error) === 'ENOENT') throw new LostStageError(key, `Stage ${key} is gone.`);
      if (!(error instanceof PrunebenchError) || isBeyondReach(error)) throw error;
      await this.#setAside(key, error.message, notice);
      throw new LostStageError(key, `Stage ${key} is corrupt.`);
    }
  }

  /** The evaluations of a finished stage's state; computed by `evaluate` and kept when they are not there yet. */
  async evaluations(key: string, notice: Notice, evaluate: () => Promise<Evaluations>): Promise<Evaluations> {
    const file = join(this.#folder(key), EVALUATIONS);
    const text = await readSound(file);
    if (text !== undefined) {
      const value = text === null ? null : parseJson(text);
      const { data: kept } = sealedEvaluations.safeParse(value);
      if (kept && brokenSeal(value) === undefined) return { validation: kept.validation, test: kept.test };
      const moved = await setAside(file);
      if (moved !== undefined) notice(`${file} is corrupt: set aside as ${basename(moved)} and computed again.`);
    }
    const fresh = await evaluate();
    await writeJson(file, sealed(fresh));
    return fresh;
  }

  /** Forgets a stage, if it is there. Renamed first, so that no half-removed folder can be found. */
  async remove(key: string): Promise<void> {
    const folder = this.#folder(key);
    const trash = `${folder}.${randomUUID()}.tmp`;
    await rename(folder, trash).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rm(trash, { recursive: true, force: true });
  }

  async #publish(draft: string, key: string): Promise<void> {
    try {
      await rename(draft, this.#folder(key));
      await syncFolder(this.#root);
    } catch (error) {
      // Another process finished the same stage first; both hold the same bits.
      const code = codeOf(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
  }

  async #readInfo(folder: string): Promise<StageInfo | string> {
    const text = await readSound(join(folder, INFO));
    if (text === undefined) return `${INFO} is missing`;
    if (text === null) return `${INFO} is no file that can be read`;
    const value = parseJson(text);
    const result = stageInfo.safeParse(value);
    if (!result.success) return `${INFO} is not valid`;
    if (brokenSeal(value) !== undefined) return `${INFO} was changed after it was written`;
    if (result.data.key !== basename(folder)) return `${INFO} belongs to stage ${result.data.key}`;
    const size = await stat(join(folder, STATE)).then((file) => file.size, absentUnlessUncertain(join(folder, STATE)));
    if (size === result.data.state.bytes) return result.data;
    return size === false
      ? `${STATE} is missing`
      : `${STATE} has ${size} bytes where ${result.data.state.bytes} were written`;
  }

  /** Where a stage lies. Keys come from records too, which may be anybody's: none leads to another place. */
  #folder(key: string): string {
    if (contentKey.safeParse(key).success) return join(this.#root, key);
    throw new PrunebenchError(`${JSON.stringify(key)} is not the key of a stage.`, {
      remedy: 'The record that names it was not written by Prunebench: delete it and run its trial again.',
    });
  }

  async #setAside(key: string, reason: string, notice: Notice): Promise<void> {
    const folder = this.#folder(key);
    const moved = await setAside(folder);
    // Where another worker met the same damage, it has said so.
    if (moved === undefined) return;
    notice(`Stage ${folder} is corrupt (${reason}): set aside as ${basename(moved)} and computed again.`);
  }
}

async function isOwnFolder(path: string): Promise<boolean> {
  return lstat(path).then((found) => found.isDirectory(), absentUnlessUncertain(path));
}

/** The text of a file of the cache; undefined where there is none, null for something that is not to be read as one. */
async function readSound(path: string): Promise<string | null | undefined> {
  return readTextIfThere(path).catch((error) => {
    if (error instanceof FileError && error.isInTheWay) return null;
    throw error;
  });
}

/** Whether nothing can be said of a file: no permission, too many files open, a disk that does not work. */
function isBeyondReach(error: PrunebenchError): boolean {
  return error instanceof FileError && !error.isInTheWay;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Both splits that records report, evaluated one after the other.
 *
 * @throws DivergenceError where a loss is not finite: the network's outputs overflow
 */
export async function evaluateBoth(
  evaluate: (split: 'validation' | 'test') => Promise<Evaluation>,
): Promise<Evaluations> {
  const both = { validation: await evaluate('validation'), test: await evaluate('test') };
  refuseNotFinite(both, 'its evaluation');
  return both;
}
