/** The readers that meet files of others, each with the files that it reads and a check of what it makes of them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type State, sealed, type TrialRecord } from '@prunebench/core';
import { fromIdx } from '@prunebench/data';
import { readWhole } from '@prunebench/files';
import { readState } from '@prunebench/interop';
import { loadTable, publishedFiles, type RecordTable, recordTable, workingFile } from '@prunebench/records';
import { loadPublished } from '@prunebench/report/published';
import { type Evaluations, LostStageError, loadPlugin, StageStore } from '@prunebench/runner';

/** A reader with sound files, of which one is damaged before each read. */
export interface Reader {
  readonly name: string;
  /** It takes long, and has its turn once in a while. */
  readonly rare?: boolean;
  /** Paths below the folder that the reader is given. */
  readonly files: ReadonlyMap<string, Buffer>;
  /**
   * Reads what lies in `folder`.
   *
   * @returns what is wrong about the outcome; undefined where the damage was noticed, or changed nothing
   * @throws PrunebenchError where the reader refuses
   */
  read(folder: string): Promise<string | undefined>;
}

const quiet = () => {};

/** The readers of everything that a finished run has left in `results`. */
export async function readersOf(results: string, benchmark: string): Promise<readonly Reader[]> {
  const table = recordTable(results, benchmark, 'smoke');
  const { records } = await loadTable(table);
  const stages = join(results, '.stages');
  const key = records.flatMap(({ run }) => run.stages.at(-1)?.key ?? [])[0];
  const state = await new StageStore(stages).readState(key, quiet);
  const stage = await filesIn(stages, [`${key}/stage.json`, `${key}/state.safetensors`]);
  return [
    stageReader(key, state, stage),
    await evaluationsReader(stages, key),
    publishedReader(table, records, await filesIn(results, publishedPaths(table))),
    workingReader(table, records[0]),
    networkReader(state, stage.get(`${key}/state.safetensors`)!),
    pluginReader(),
    await publishedValuesReader(),
    await imagesReader(),
  ];
}

function publishedPaths(table: RecordTable): readonly string[] {
  return Object.values(publishedFiles({ ...table, root: '' }));
}

async function filesIn(folder: string, paths: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path))] as const)));
}

function stageReader(key: string, state: State, files: ReadonlyMap<string, Buffer>): Reader {
  return {
    name: 'stage',
    files,
    async read(folder) {
      try {
        const read = await new StageStore(folder).readState(key, quiet);
        return isDeepStrictEqual(read, state) ? undefined : 'another state was believed';
      } catch (error) {
        if (!(error instanceof LostStageError)) throw error;
        const left = await readdir(folder);
        return left.includes(key) ? 'the stage was called lost and stayed in its place' : undefined;
      }
    },
  };
}

async function evaluationsReader(stages: string, key: string): Promise<Reader> {
  const path = `${key}/evaluations.json`;
  const files = await filesIn(stages, [path]);
  const known = (await new StageStore(stages).evaluations(key, quiet, refuse)) satisfies Evaluations;
  const fresh = { validation: { accuracy: -1, loss: -1 }, test: { accuracy: -1, loss: -1 } };
  return {
    name: 'evaluations',
    files,
    async read(folder) {
      const read = await new StageStore(folder).evaluations(key, quiet, async () => fresh);
      return [known, fresh].some((sound) => isDeepStrictEqual(read, sound)) ? undefined : 'other numbers were believed';
    },
  };
}

async function refuse(): Promise<Evaluations> {
  throw new Error('The reference run has left no evaluations of its first trial.');
}

function publishedReader(
  table: RecordTable,
  records: readonly TrialRecord[],
  files: ReadonlyMap<string, Buffer>,
): Reader {
  return { name: 'published records', files, read: (root) => believesOnly(records, { ...table, root }) };
}

function workingReader(table: RecordTable, record: TrialRecord): Reader {
  const path = workingFile({ ...table, root: '' }, record.key);
  const text = `${JSON.stringify(sealed(record), null, 2)}\n`;
  return {
    name: 'working record',
    files: new Map([[path, Buffer.from(text)]]),
    read: (root) => believesOnly([record], { ...table, root }),
  };
}

/** Whether all records that are read are among those that were written, under their names. */
async function believesOnly(written: readonly TrialRecord[], table: RecordTable): Promise<string | undefined> {
  const { places } = await loadTable(table);
  for (const [record, { name }] of places)
    if (!written.some((sound) => isDeepStrictEqual(record, sound)))
      return `a record was believed that nobody wrote, ${name}`;
  return undefined;
}

function networkReader(state: State, bytes: Buffer): Reader {
  return {
    name: 'network file',
    files: new Map([['state.safetensors', bytes]]),
    async read(folder) {
      const read = await readState(join(folder, 'state.safetensors'));
      return isDeepStrictEqual(read, state) ? undefined : 'another network was believed';
    },
  };
}

/** Values that papers print, which nothing vouches for: they are read, or the place of what is wrong is said. */
async function publishedValuesReader(): Promise<Reader> {
  const file = resolve(import.meta.dirname, '../../benchmarks/global-vs-layerwise/published.csv');
  return {
    name: 'published values',
    files: new Map([['published.csv', await readFile(file)]]),
    async read(folder) {
      const rows = await loadPublished(join(folder, 'published.csv'));
      return rows.every(({ value }) => Number.isFinite(Number(value))) ? undefined : 'a value is no number';
    },
  };
}

/** Examples in MNIST's form, which nothing vouches for either. */
async function imagesReader(): Promise<Reader> {
  const [images, labels] = [idx([20, 2, 2]), idx([20])];
  const names = ['train-images', 'train-labels', 'test-images', 'test-labels'];
  return {
    name: 'images',
    files: new Map(names.map((name) => [name, name.endsWith('images') ? images : labels])),
    async read(folder) {
      const pair = (set: string) => ({ images: join(folder, `${set}-images`), labels: join(folder, `${set}-labels`) });
      const own = { id: 'own', title: 'Own', inputShape: [2, 2, 1], classes: 2, validation: 4, calibration: 4 };
      const { splits } = await fromIdx({ ...own, train: pair('train'), test: pair('test') }).load();
      const { size, labels: read } = splits.train;
      return size === 12 && read.every((label) => label < 2) ? undefined : 'a label is no class';
    },
  };
}

/** Bytes of 0 and 1, in turn. */
function idx(shape: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length);
  for (const [axis, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * axis);
  const count = shape.reduce((product, length) => product * length, 1);
  return Buffer.concat([header, Buffer.from(Array.from({ length: count }, (_, at) => at % 2))]);
}

const PLUGIN = `import dataset from './dataset.json' with { type: 'json' };
export default { datasets: [{ ...dataset, load() {} }] };
`;
/** Bytes; far more than damage makes of it. */
const DATASET_LIMIT = 2 ** 16;
const DATASET = { id: 'own', title: 'Own', shape: { inputShape: [4, 4, 1], classes: 10 } };

/** A plugin with an entry in JSON. Modules are loaded once, so that every read has a folder of its own. */
function pluginReader(): Reader {
  let reads = 0;
  return {
    name: "plugin's JSON",
    files: new Map([['dataset.json', Buffer.from(JSON.stringify(DATASET, null, 2))]]),
    async read(folder) {
      const own = join(dirname(folder), `plugin-${process.pid}-${reads++}`);
      await mkdir(own);
      try {
        // Node.js itself reads what a plugin imports: what is no file is missing here.
        const content = await readWhole(join(folder, 'dataset.json'), DATASET_LIMIT).catch(() => undefined);
        if (content) await writeFile(join(own, 'dataset.json'), content);
        await writeFile(join(own, 'plugin.js'), PLUGIN);
        await loadPlugin(join(own, 'plugin.js'));
        return undefined;
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    },
  };
}
