/**
 * Imports a package that need not be installed. The name is not a literal, so type checking does not ask for the package.
 *
 * @throws Error saying that it is not installed, or in one line why it does not load
 */
export async function optionalImport(name: string): Promise<Record<string, unknown>> {
  try {
    return await import(name);
  } catch (cause) {
    const missing =
      (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND' && (cause as Error).message.includes(`'${name}'`);
    throw new Error(missing ? `${name} is not installed` : `${name} does not load: ${firstLine(cause)}`, { cause });
  }
}

/** What an error has to say, in one line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n')[0].replace(/\.$/, '');
}
