/**
 * What a JavaScript or TypeScript module says, without its comments, and what it imports: read from its tokens, so that
 * nothing runs and no compiler is needed.
 */
import { createHash } from 'node:crypto';
import jsTokens from 'js-tokens';

/** Names that are imported from a module; null stands for all of them. */
export type Names = readonly string[] | null;

/** One import, also by `require`, `import()` and `new URL(..., import.meta.url)`; those of types alone are left out. */
export interface Import {
  readonly specifier: string;
  readonly names: Names;
  /** Loaded when the program gets there, if ever. */
  readonly later: boolean;
}

/** `export { imported as exported } from specifier`; names are null for `export *`. */
export interface Reexport {
  readonly specifier: string;
  readonly names: ReadonlyMap<string, string> | null;
}

export interface ModuleSource {
  /** SHA-256 of its tokens and line breaks: comments, blank lines and indentation do not change it. */
  readonly digest: string;
  readonly imports: readonly Import[];
  readonly reexports: readonly Reexport[];
  /** Whether it does nothing but re-export, so that each of its names stands for one other module. */
  readonly barrel: boolean;
}

/** Reads a module's text. */
export function readSource(text: string): ModuleSource {
  const { tokens, digest } = tokensOf(text);
  const imports: Import[] = [];
  const reexports: Reexport[] = [];
  let reexporting = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i - 1] === '.') continue;
    const found = importAt(tokens, i);
    if (found) imports.push(found);
    const statement = tokens[i] === 'export' ? reexportAt(tokens, i) : undefined;
    if (!statement) continue;
    if (statement.reexport) reexports.push(statement.reexport);
    reexporting += statement.length;
  }
  const statements = tokens.filter((token) => token !== ';').length;
  return { digest, imports, reexports, barrel: reexporting > 0 && reexporting === statements };
}

const SKIPPED = new Set(['WhiteSpace', 'SingleLineComment', 'MultiLineComment', 'LineTerminatorSequence']);

function tokensOf(text: string): { tokens: readonly string[]; digest: string } {
  const tokens: string[] = [];
  let content = '';
  let broken = false;
  for (const { type, value } of jsTokens(text)) {
    if (SKIPPED.has(type)) {
      // Where a statement ends may hang on a line break.
      broken ||= type === 'LineTerminatorSequence' || (type === 'MultiLineComment' && value.includes('\n'));
      continue;
    }
    if (broken && content !== '') content += '\n';
    content += `${value}\0`;
    tokens.push(value);
    broken = false;
  }
  return { tokens, digest: createHash('sha256').update(content).digest('hex') };
}

function importAt(tokens: readonly string[], i: number): Import | undefined {
  const [token, next, after] = [tokens[i], tokens[i + 1], tokens[i + 2]];
  if (token === 'require' && next === '(') return whole(after, false);
  if (token === 'new' && next === 'URL' && after === '(' && tokens[i + 5] === 'import')
    return whole(tokens[i + 3], true);
  if (token !== 'import') return undefined;
  if (next === '(') return whole(after, true);
  if (literal(next) !== undefined) return whole(next, false);
  return next === undefined ? undefined : fromClause(tokens, i + 1);
}

function whole(token: string | undefined, later: boolean): Import | undefined {
  const specifier = literal(token);
  return specifier === undefined ? undefined : { specifier, names: null, later };
}

/** What stands between `import` and the specifier, from token `start`. */
function fromClause(tokens: readonly string[], start: number): Import | undefined {
  const end = endOfClause(tokens, start);
  if (end === undefined) return undefined;
  const clause = tokens.slice(start, end);
  if (clause[0] === 'type' && clause.length > 1 && clause[1] !== ',') return undefined;
  const specifier = literal(tokens[end + 1])!;
  if (clause.includes('*')) return { specifier, names: null, later: false };
  const open = clause.indexOf('{');
  const named = open < 0 ? [] : specifiersIn(clause.slice(open)).map(([imported]) => imported);
  const names = open === 0 ? named : ['default', ...named];
  return names.length === 0 ? undefined : { specifier, names, later: false };
}

/** Where the `from` of a clause stands; undefined when no clause begins there. */
function endOfClause(tokens: readonly string[], start: number): number | undefined {
  for (let i = start; i < tokens.length && /^([\w$*{},'"]|[^\p{ASCII}])/u.test(tokens[i]); i++)
    if (tokens[i] === 'from' && literal(tokens[i + 1]) !== undefined) return i;
  return undefined;
}

/** The pairs [imported, local] of a list in braces, those of types left out. */
function specifiersIn(list: readonly string[]): readonly (readonly [string, string])[] {
  return list
    .slice(1, list.lastIndexOf('}'))
    .join(' ')
    .split(' , ')
    .map((specifier) => specifier.replace(/ ?,$/, '').split(' ').filter(Boolean))
    .filter((words) => words.length > 0 && !(words[0] === 'type' && words.length > 1 && words[1] !== 'as'))
    .map((words) => [words[0], words.at(-1)!]);
}

/** A re-export that begins at token `i`, and how many tokens it has without its semicolon; of types alone it is nothing. */
function reexportAt(tokens: readonly string[], i: number): { reexport?: Reexport; length: number } | undefined {
  const end = endOfClause(tokens, i + 1);
  if (end === undefined) return undefined;
  const clause = tokens.slice(i + 1, end);
  const typesOnly = clause[0] === 'type';
  const list = typesOnly ? clause.slice(1) : clause;
  if (list[0] !== '*' && list[0] !== '{') return undefined;
  // A declaration may stand between an `export { local }` and a later `from`.
  if (list[0] === '{' && list.indexOf('}') !== list.length - 1) return undefined;
  const length = end + 2 - i;
  if (typesOnly) return { length };
  const specifier = literal(tokens[end + 1])!;
  if (list[0] === '*') return { reexport: { specifier, names: null }, length };
  const names = new Map(specifiersIn(list).map(([imported, exported]) => [exported, imported] as const));
  return { reexport: { specifier, names }, length };
}

function literal(token: string | undefined): string | undefined {
  return token !== undefined && /^(['"]).*\1$/s.test(token) ? token.slice(1, -1) : undefined;
}
