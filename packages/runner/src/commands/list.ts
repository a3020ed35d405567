import { type Citation, citationOf, type DatasetEntry, PrunebenchError, scales } from '@prunebench/core';
import { z } from 'zod';
import { loadRegistry, type Registry } from '../registry.ts';

/** One line of a list: an id, what it is, and whatever else a program may want. */
interface Item {
  readonly id: string;
  readonly title: string;
  readonly [detail: string]: unknown;
}

const lists: Readonly<Record<string, (registry: Registry) => readonly Item[] | Promise<readonly Item[]>>> = {
  criteria: ({ criteria }) =>
    [...criteria.values()].map(({ id, title, citation, taxonomy, granularity, needs, when, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      taxonomy,
      granularity,
      needs,
      when,
      options: jsonSchema(options),
    })),
  methods: ({ methods }) =>
    [...methods.values()].map(({ id, title, citation, taxonomy, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      taxonomy,
      options: jsonSchema(options),
    })),
  extensions: ({ extensions }) =>
    [...extensions.values()].map(({ id, title, citation, options }) => ({
      id,
      title: cited(title, citationOf(citation)),
      citation: citationOf(citation),
      options: jsonSchema(options),
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

function listNetworks({ networks }: Registry): readonly Item[] {
  return [...networks.values()].map(({ id, title, initializer }) => ({ id, title, initializer }));
}

/** Prints a list as lines or as JSON. */
export async function list(
  what: string,
  { plugin, json }: { plugin: readonly string[]; json: boolean },
): Promise<void> {
  const items = await lists[what](await loadRegistry(plugin));
  if (json) console.log(JSON.stringify(items, null, 2));
  else for (const { id, title } of items) console.log(`${id.padEnd(width(items))}  ${title}`);
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

/** The options as JSON schema, for their readers: what may be left out, and what it then is. */
function jsonSchema(options: z.ZodType): unknown {
  return z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
}
