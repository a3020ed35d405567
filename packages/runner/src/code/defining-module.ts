import { pathToFileURL } from 'node:url';
import type { ModuleGraph } from './module-graph.ts';

/** The module that an object comes from. */
export interface Definition {
  readonly file: string;
  /** The root in whose exports it was found. */
  readonly root: string;
}

/**
 * Finds the module that defines an object: goes from a root that exports it, alone or inside a list, along imports by path
 * for as long as they lead to a module that exports it too. Nothing is loaded that the roots have not loaded.
 *
 * @param roots files of modules, each of a package or a plugin
 * @returns undefined when none of the roots' exports holds the object
 */
export async function definingModule(
  object: unknown,
  roots: readonly string[],
  graph: ModuleGraph,
): Promise<Definition | undefined> {
  const root = await firstExporter(object, roots);
  if (root === undefined) return undefined;
  const passed = new Set<string>();
  let file = root;
  for (let next: string | undefined = root; next !== undefined; next = await firstExporter(object, before(next))) {
    file = next;
    passed.add(next);
  }
  return { file, root };

  function before(module: string): readonly string[] {
    const edges = graph
      .edges(module)
      .flatMap((edge) => ('file' in edge && edge.relative && !edge.later ? edge.file : []));
    return edges.filter((path) => /\.[cm]?[jt]s$/.test(path) && !passed.has(path));
  }
}

async function firstExporter(object: unknown, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (holds({ ...(await import(pathToFileURL(file).href)) }, object, 3)) return file;
  return undefined;
}

/** Whether `value` is `object`, or a list or an object that holds it, `depth` levels down at most. */
function holds(value: unknown, object: unknown, depth: number): boolean {
  if (value === object) return true;
  if (depth === 0 || typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return Object.values(value).some((inner) => holds(inner, object, depth - 1));
}
