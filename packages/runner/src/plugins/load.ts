import { stat } from 'node:fs/promises';
import { type Plugin, PrunebenchError } from '@prunebench/core';
import { z } from 'zod';
import { nearest } from '../options/suggest.ts';
import { underTodaysNames } from './former-names.ts';
import { importModule } from './import-module.ts';
import { pluginSchema } from './schema.ts';

const EXAMPLE = 'docs/how-to-add-a-criterion.md shows a whole plugin.';
const KNOWN = Object.keys(pluginSchema.shape);
const WANTED = `Export default an object with ${KNOWN.slice(0, -1).join(', ')} or ${KNOWN.at(-1)}. ${EXAMPLE}`;

/**
 * The plugin that the module at `path` exports.
 *
 * @throws PrunebenchError naming the module and what is wrong with it
 */
export async function loadPlugin(path: string): Promise<Plugin> {
  const plugin = underTodaysNames(await defaultExport(path));
  refuseFaulty(plugin, path);
  if (Object.values(plugin).every((entries) => entries === undefined || entries.length === 0))
    throw fault(path, 'its default export holds nothing', WANTED);
  return plugin;
}

/** The plugin itself goes on, not what the schema makes of it: see there. */
function refuseFaulty(plugin: object, path: string): asserts plugin is Plugin {
  const { error } = pluginSchema.safeParse(plugin);
  if (!error) return;
  const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  throw fault(path, faultsOf(error, plugin), unknown.length > 0 ? known(unknown) : EXAMPLE);
}

async function defaultExport(path: string): Promise<object> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile())
    throw fault(
      path,
      found ? 'it is not a file' : 'there is no such file',
      'Give --plugin the path of a .ts or .js module, or the name of a package that is installed where you are.',
    );
  const module = await importModule(path, (reason, cause, remedy) =>
    fault(path, reason, remedy ?? `Correct it there. ${EXAMPLE}`, cause),
  );
  if (!('default' in module)) throw fault(path, 'it has no default export', WANTED);
  const { default: plugin } = module;
  if (typeof plugin === 'object' && plugin !== null && !Array.isArray(plugin)) return plugin;
  throw fault(path, 'its default export is not an object', WANTED);
}

function fault(path: string, reason: string, remedy: string, cause?: unknown): PrunebenchError {
  const sentence = reason.replace(/\.$/, '');
  return new PrunebenchError(`The plugin ${path} could not be loaded: ${sentence}.`, { remedy, cause });
}

/** What a schema finds wrong with what a module exports, field by field. */
export function faultsOf({ issues }: z.ZodError, exported: object): string {
  return issues.map((issue) => describe(issue, exported)).join('; ');
}

function describe(issue: z.core.$ZodIssue, plugin: object): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  const field = z.core.toDotPath(issue.path);
  const missing = valueAt(plugin, issue.path) === undefined;
  return missing ? `${field} is missing` : `${field}: ${issue.message}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((at, key): unknown => Reflect.get(Object(at), key), value);
}

function known(unknown: readonly string[]): string {
  const meant = unknown.map((key) => nearest(key, KNOWN)).find((key) => key !== undefined);
  return `${meant === undefined ? '' : `Did you mean "${meant}"? `}Known: ${KNOWN.join(', ')}. ${EXAMPLE}`;
}
