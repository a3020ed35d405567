/** A text as one word of a POSIX shell; names of series have spaces and apostrophes. */
export function shellWord(text: string): string {
  return /[^\w.=/:,-]/.test(text) || text === '' ? `'${text.replaceAll("'", "'\\''")}'` : text;
}
