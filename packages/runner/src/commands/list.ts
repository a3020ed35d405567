import { listBackends } from '@prunebench/backend-select';
import type { Citation } from '@prunebench/core';
import { Argument, Command } from 'commander';
import { z } from 'zod';
import { loadRegistry, type Registry } from '../registry.ts';
import { jsonOption, pluginOption } from './options.ts';

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
      title: cited(title, citation),
      citation,
      taxonomy,
      granularity,
      needs,
      when,
      options: jsonSchema(options),
    })),
  methods: ({ methods }) =>
    [...methods.values()].map(({ id, title, citation, taxonomy, options }) => ({
      id,
      title: cited(title, citation),
      citation,
      taxonomy,
      options: jsonSchema(options),
    })),
  models: ({ models }) => [...models.values()].map(({ id, title, initializer }) => ({ id, title, initializer })),
  datasets: ({ datasets }) => [...datasets.values()].map(({ id, title, shape }) => ({ id, title, ...shape })),
  benchmarks: async ({ benchmarks }) =>
    Promise.all(
      [...benchmarks.values()].map(async ({ load }) => {
        const { id, title, question, seeds, trials } = await load();
        const counts = { smoke: trials('smoke').length, cpu: trials('cpu').length, paper: trials('paper').length };
        return { id, title, question, seeds, trialsPerSeed: counts };
      }),
    ),
  backends: async () =>
    (await listBackends()).map(({ name, summary, available, reason }) => ({
      id: name,
      title: `${available ? '' : 'not available: '}${available ? summary : reason}${available && reason ? ` (${reason})` : ''}`,
      available,
      summary,
      ...(reason === undefined ? {} : { reason }),
    })),
};

export function listCommand(): Command {
  return new Command('list')
    .description('show what can be named on the command line and in benchmarks')
    .addArgument(new Argument('<what>', 'what to list').choices(Object.keys(lists)))
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --json, criteria and methods carry the JSON schema of their options, with defaults.

Examples:
  prunebench list methods
  prunebench list criteria --json | jq '.[] | select(.id == "magnitude") | .options'`,
    )
    .action(async (what: string, { plugin, json }: { plugin: string[]; json: boolean }) => {
      const items = await lists[what](await loadRegistry(plugin));
      if (json) console.log(JSON.stringify(items, null, 2));
      else for (const { id, title } of items) console.log(`${id.padEnd(width(items))}  ${title}`);
    });
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
