import { type Citation, citationOf, type DatasetEntry, PrunebenchError, scales } from '@prunebench/core';
import { z } from 'zod';
import { benchmarkFolders } from '../benchmark-folders.ts';
import type { Registry } from '../registry.ts';

/** One line of a list: an id, what it is, and whatever else a program may want. */
interface Item {
  readonly id: string;
  readonly title: string;
  readonly [detail: string]: unknown;
}

type Listed = Omit<Registry, 'network' | 'plugins'>;

const lists: Readonly<Record<string, (registry: Listed) => readonly Item[] | Promise<readonly Item[]>>> = {
  criteria: ({ criteria }) =>
    [...criteria.values()].map(({ id, title, citation, taxonomy, granularity, needs, when, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      taxonomy,
      granularity,
      needs,
      when,
      options: lazily(options),
    })),
  methods: ({ methods }) =>
    [...methods.values()].map(({ id, title, citation, taxonomy, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      taxonomy,
      options: lazily(options),
    })),
  extensions: ({ extensions }) =>
    [...extensions.values()].map(({ id, title, citation, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      options: lazily(options),
    })),
  networks: listNetworks,
  /** What they were called before. */
  models: listNetworks,
  datasets: ({ datasets }) => [...datasets.values()].map(datasetItem),
  benchmarks: async ({ benchmarks }) =>
    Promise.all(
      [...benchmarks.values()].map(async ({ load }) => {
        const { id, title, question, seeds, trials } = await load();
        const counts = Object.fromEntries(scales.map((scale) => [scale, trials(scale).length]));
        return { id, title, question, seeds, trialsPerSeed: counts };
      }),
    ),
  backends: async () =>
    (await (await import('@prunebench/backend-select')).listBackends()).map(({ name, summary, available, reason }) => ({
      id: name,
      title: `${available ? '' : 'not available: '}${available ? summary : reason}${available && reason ? ` (${reason})` : ''}`,
      available,
      summary,
      ...(reason === undefined ? {} : { reason }),
    })),
};

function listNetworks({ networks }: Listed): readonly Item[] {
  return [...networks.values()].map(({ id, title, initializer }) => ({ id, title, initializer }));
}

/** Prints a list as lines or as JSON. */
export async function list(
  what: string,
  { plugin, json }: { plugin: readonly string[]; json: boolean },
): Promise<void> {
  const items = await lists[what](await registryOf(what, plugin));
  if (json) console.log(JSON.stringify(items, null, 2));
  else for (const { id, title } of items) console.log(`${id.padEnd(width(items))}  ${title}`);
}

/** What is listed; of the suite's, only the tensors of those that have some are loaded. */
async function registryOf(what: string, plugins: readonly string[]): Promise<Listed> {
  if (plugins.length > 0 || !(what in own)) return (await import('../registry.ts')).loadRegistry(plugins);
  return { ...nothing, ...(await own[what]()) };
}

const nothing: Listed = {
  ...{ criteria: new Map(), methods: new Map(), steps: new Map(), extensions: new Map() },
  ...{ datasets: new Map(), networks: new Map(), benchmarks: new Map() },
};

/** Lists of the suite's that need no tensors. */
const own: Readonly<Record<string, () => Promise<Partial<Listed>>>> = {
  networks: ownNetworks,
  models: ownNetworks,
  datasets: async () => ({ datasets: byId((await import('@prunebench/data')).default.datasets) }),
  benchmarks: async () => ({ benchmarks: byId(await benchmarkFolders()) }),
  backends: async () => ({}),
};

async function ownNetworks(): Promise<Partial<Listed>> {
  return { networks: byId((await import('@prunebench/models')).default.networks) };
}

function byId<T extends { readonly id: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

/** A dataset's line; one whose manifest cannot be read says so in it, and the others are listed all the same. */
export function datasetItem(entry: DatasetEntry): Item {
  const { id } = entry;
  try {
    return { id, title: entry.title, ...entry.shape };
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    const { message: reason, remedy } = error;
    return { id, title: `not available: ${reason}`, available: false, reason, remedy };
  }
}

function width(items: readonly Item[]): number {
  return Math.max(...items.map(({ id }) => id.length));
}

function cited(title: string, { authors, year }: Citation): string {
  const [first, ...others] = authors.split(', ');
  return `${title} (${others.length > 1 ? `${first} et al.` : authors} ${year})`;
}

/** The options as JSON schema, for their readers: what may be left out, and what it then is. Worked out where it is written. */
function lazily(options: z.ZodType): { toJSON(): unknown } {
  return { toJSON: () => z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) };
}
