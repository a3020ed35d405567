/**
 * A file of results carries a digest of its own content, so that a number that was changed by hand or by a bad disk is
 * noticed when the file is read.
 */
import { contentHash } from './content-hash.ts';

/** `content` with the digest of everything in it but an earlier digest, as it reads back from a JSON file. */
export function sealed<T extends object>(content: T): T & { readonly digest: string } {
  const rest = { ...content };
  Reflect.deleteProperty(rest, 'digest');
  return { ...rest, digest: contentHash(JSON.parse(JSON.stringify(rest))) };
}

/**
 * Why a value read from a file is not what was sealed; undefined when it is, or when it never was sealed, as files of
 * earlier versions were not. Whoever names the code that computed it (`code`) was sealed.
 *
 * @param value as it was parsed from JSON, before any schema fills in defaults
 */
export function brokenSeal(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (!('digest' in value)) return 'code' in value ? 'its digest is missing' : undefined;
  const { digest, ...rest } = value;
  return digest === contentHash(rest)
    ? undefined
    : 'its content does not match its digest: it was changed after it was written';
}
