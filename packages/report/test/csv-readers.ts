import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';

/** What a reader takes a column for; `empty` where it has no value. */
export type ColumnType = 'numeric' | 'logical' | 'text' | 'empty';

/** The columns of some CSV files as one program reads them: file, column and type. */
export type Columns = readonly (readonly [file: string, column: string, type: ColumnType])[];

const execute = promisify(execFile);

/** The rule of most readers: a column is what all of its values are. */
export async function readPlainly(files: readonly string[]): Promise<Columns> {
  const columns = await Promise.all(
    files.map(async (file) => {
      const [header = [], ...rows]: string[][] = parse(await readFile(file, 'utf8'));
      return header.map((column, i) => [file, column, typeOf(rows.map((row) => row[i]!))] as const);
    }),
  );
  return columns.flat();
}

function typeOf(all: readonly string[]): ColumnType {
  const values = all.filter((value) => value !== '');
  if (values.length === 0) return 'empty';
  if (values.every((value) => value === 'TRUE' || value === 'FALSE')) return 'logical';
  return values.every((value) => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value)) ? 'numeric' : 'text';
}

const R = `
for (file in commandArgs(TRUE)) {
  table <- read.csv(file, check.names = FALSE, encoding = "UTF-8")
  for (column in names(table)) {
    values <- table[[column]]
    type <- if (all(is.na(values) | values == "")) "empty" else if (is.logical(values)) "logical" else if (is.numeric(values)) "numeric" else "text"
    cat(file, column, type, sep = "\\t"); cat("\\n")
  }
}`;

const PANDAS = `
import sys, pandas
for file in sys.argv[1:]:
    table = pandas.read_csv(file)
    for column in table.columns:
        values = table[column].dropna()
        numeric = pandas.api.types.is_numeric_dtype(values) and values.dtype != bool
        kind = 'empty' if len(values) == 0 else 'logical' if all(isinstance(v, bool) or str(type(v)) == "<class 'numpy.bool_'>" for v in values) else 'numeric' if numeric else 'text'
        print(file, column, kind, sep='\\t')`;

/** The same in R; undefined where it is not installed. */
export function readInR(files: readonly string[]): Promise<Columns | undefined> {
  return readWith('Rscript', ['-e', R], files);
}

/** The same in pandas; undefined where it is not installed. */
export async function readInPandas(files: readonly string[]): Promise<Columns | undefined> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await execute(python, ['-c', 'import pandas']).then(
      () => true,
      () => false,
    );
    if (found) return readWith(python, ['-c', PANDAS], files);
  }
  return undefined;
}

async function readWith(program: string, args: readonly string[], files: readonly string[]) {
  const found = await execute(program, ['--version']).then(
    () => true,
    () => false,
  );
  if (!found) return undefined;
  const { stdout } = await execute(program, [...args, ...files], { maxBuffer: 2 ** 26 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as unknown as Columns[number]);
}
