import { codeOf, messageOf } from '@prunebench/core';

/**
 * Imports a package that need not be installed. The name is not a literal, so type checking does not ask for the package.
 *
 * @throws Error saying that it is not installed, or in one line why it does not load
 */
export async function optionalImport(name: string): Promise<Record<string, unknown>> {
  try {
    return await import(name);
  } catch (cause) {
    const missing = codeOf(cause) === 'ERR_MODULE_NOT_FOUND' && messageOf(cause).includes(`'${name}'`);
    throw new Error(missing ? `${name} is not installed` : `${name} does not load: ${firstLine(cause)}`, { cause });
  }
}

/** What an error has to say, in one line. */
export function firstLine(error: unknown): string {
  return messageOf(error).trim().split('\n')[0].replace(/\.$/, '');
}
