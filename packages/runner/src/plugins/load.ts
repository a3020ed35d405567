import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codeOf, messageOf, type Plugin, PrunebenchError } from '@prunebench/core';
import { z } from 'zod';
import { nearest } from '../options/suggest.ts';
import { underTodaysNames } from './former-names.ts';
import { offerPackages } from './imports.ts';
import { pluginSchema } from './schema.ts';
import { stripTypesInPackages, UNSTRIPPED } from './types-in-packages.ts';

const EXAMPLE = 'docs/how-to-add-a-criterion.md shows a whole plugin.';
const KNOWN = Object.keys(pluginSchema.shape);
const HERE = new URL('.', import.meta.url).href;

/**
 * The plugin that the module at `path` exports.
 *
 * @throws PrunebenchError naming the module and what is wrong with it
 */
export async function loadPlugin(path: string): Promise<Plugin> {
  const plugin = underTodaysNames(await defaultExport(path));
  refuseFaulty(plugin, path);
  return plugin;
}

/** The plugin itself goes on, not what the schema makes of it: see there. */
function refuseFaulty(plugin: object, path: string): asserts plugin is Plugin {
  const { error } = pluginSchema.safeParse(plugin);
  if (!error) return;
  const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const faults = error.issues.map((issue) => describe(issue, plugin)).join('; ');
  throw fault(path, faults, unknown.length > 0 ? known(unknown) : EXAMPLE);
}

async function defaultExport(path: string): Promise<object> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile())
    throw fault(
      path,
      found ? 'it is not a file' : 'there is no such file',
      'Give --plugin the path of a .ts or .js module.',
    );
  const module = await load(path);
  const wanted = `Export default an object with ${KNOWN.slice(0, -1).join(', ')} or ${KNOWN.at(-1)}. ${EXAMPLE}`;
  if (!('default' in module)) throw fault(path, 'it has no default export', wanted);
  const { default: plugin } = module;
  if (typeof plugin === 'object' && plugin !== null && !Array.isArray(plugin)) return plugin;
  throw fault(path, 'its default export is not an object', wanted);
}

async function load(path: string): Promise<object> {
  offerPackages();
  stripTypesInPackages();
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw fault(path, `${reasonOf(error)}${placeOf(error)}`, remedyOf(error), error);
  }
}

function remedyOf(error: unknown): string {
  if (codeOf(error) === UNSTRIPPED)
    return 'Write it with import and export, or install it compiled to JavaScript: only ES modules may be TypeScript there.';
  return (error instanceof PrunebenchError && error.remedy) || `Correct it there. ${EXAMPLE}`;
}

function fault(path: string, reason: string, remedy: string, cause?: unknown): PrunebenchError {
  const sentence = reason.replace(/\.$/, '');
  return new PrunebenchError(`The plugin ${path} could not be loaded: ${sentence}.`, { remedy, cause });
}

/** The first line: what Node.js adds below it ("Did you mean ...") is a guess. */
function reasonOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0];
}

/** Where the plugin's author has to look: the place that the stack begins with, else its first one outside the loader. */
function placeOf(error: unknown): string {
  const stack = (error instanceof Error && error.stack) || '';
  const [first] = stack.split('\n', 1);
  if (isAbsolute(first)) return ` (${first})`; // That of TypeScript which does not parse.
  const place = stack.match(/file:\/\/[^\s)]+:\d+/g)?.find((url) => !url.startsWith(HERE));
  return place === undefined ? '' : ` (${fileURLToPath(place)})`;
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
