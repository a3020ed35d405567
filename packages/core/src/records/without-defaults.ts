import type { z } from 'zod';
import { canonicalJson } from './content-hash.ts';

/**
 * `value` without the keys whose absence the schema fills in with the same value, at any depth.
 * A key is a default exactly when parsing without it gives what parsing with it gives.
 */
export function withoutDefaults(schema: z.ZodType, value: unknown): unknown {
  const root = structuredClone(schema.parse(value));
  const meaning = canonicalJson(root);
  const keepsMeaning = () => {
    const parsed = schema.safeParse(root);
    return parsed.success && canonicalJson(parsed.data) === meaning;
  };
  strip(root, keepsMeaning);
  return root;
}

function strip(node: unknown, keepsMeaning: () => boolean): void {
  if (Array.isArray(node)) for (const element of node) strip(element, keepsMeaning);
  else if (isObject(node)) {
    for (const key of Object.keys(node).sort()) {
      const saved = node[key];
      delete node[key];
      if (keepsMeaning()) continue;
      node[key] = saved;
      strip(saved, keepsMeaning);
    }
  }
}

/** Whether a value has named members: no list, and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
