import { messageOf, nearestName, PrunebenchError } from '@prunebench/core';
import { readText } from '@prunebench/files';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** Where the columns are explained, for remedies. */
const EXPLAINED = 'docs/reference/published.md explains the columns.';

const numeric = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
const NUMBER_ALONE = 'expected a number alone; whatever else the paper prints belongs into notes';
const written = z.string().min(1, 'must not be empty');
const wholeNumber = z
  .string()
  .regex(/^\d+$/, 'expected a whole number')
  .transform((text) => Number(text));

const publishedRow = z.strictObject({
  table_id: written.describe('a name for the table of the paper, which references select by'),
  paper: written.describe(
    "the paper: a key of core's bibliography (`lee2019snip`), or whatever stands for one that is not in it (`Evci et al.`)",
  ),
  year: wholeNumber.describe('when it appeared'),
  where_in_paper: z.string().describe('table, figure or section'),
  dataset: z.string().describe("the paper's name of the data set; `MNIST` and `mnist` are the same"),
  network: z.string().describe("the paper's name of the network"),
  method: z.string().describe("the paper's name of the method, which is printed beside the value"),
  sparsity_percent_or_compression: z
    .string()
    .describe(
      'at which sparsity: percent of the weights that are removed (`95`), compression (`12x`, `10^2 = 100x`), or what is left (`21% left`); another text stands beside no sparsity of ours',
    ),
  metric: written.describe(
    'what the value is: `test error %`, `test accuracy %`, each also with ` after retraining`; `test error % before retraining`; `best-epoch test accuracy %`; another text is listed below the table',
  ),
  value: z.string().refine(numeric, NUMBER_ALONE).describe('the number as it is printed'),
  plus_minus: z
    .string()
    .refine((text) => text === '' || numeric(text), NUMBER_ALONE)
    .describe('what the paper prints behind ±; what it is (deviation, standard error) belongs into notes'),
  notes: z.string().describe('for readers of the file'),
  confidence: z
    .enum(['verified', 'recalled', 'doubtful'])
    .describe(
      '`verified`: read in the source; `recalled`: from memory, printed with a dagger; `doubtful`: never printed',
    ),
  source: z.string().describe('where it was read: an address, a file of the authors with its commit'),
});

/** One published number, as published.csv holds it. */
export type PublishedRow = z.output<typeof publishedRow>;

/** The columns of a published.csv in their order, with what each holds. */
export const publishedColumns: ReadonlyMap<string, string> = new Map(
  Object.entries(publishedRow.shape).map(([name, { description = '' }]) => [name, description]),
);
const NAMES = [...publishedColumns.keys()];

/** What the CSV parser gives with the options below. */
const parsedRecords = z.array(
  z.object({ record: z.array(z.string()), raw: z.string(), info: z.object({ lines: z.number() }) }),
);

interface CsvRecord {
  readonly fields: readonly string[];
  /** Where it begins, from 1. */
  readonly line: number;
}

/**
 * Reads a published.csv.
 *
 * @throws PrunebenchError naming the file, the line and the column that is wrong, and what it should be
 */
export async function loadPublished(file: string): Promise<PublishedRow[]> {
  const text = await readText(file).catch((error: Error) => {
    throw new PrunebenchError(`${file} cannot be read: ${error.message}`, {
      remedy: `A benchmark with published values needs a published.csv with the columns ${NAMES.join(', ')}. ${EXPLAINED}`,
      cause: error,
    });
  });
  const [header, ...records] = recordsOf(text, file);
  if (!header)
    throw new PrunebenchError(`${file} is empty.`, { remedy: `Its first line is ${NAMES.join(',')}. ${EXPLAINED}` });
  checkHeader(header, file);
  return records.map((record) => rowOf(header, record, file));
}

function recordsOf(text: string, file: string): readonly CsvRecord[] {
  try {
    const parsed: unknown = parse(text, { skip_empty_lines: true, bom: true, info: true, raw: true });
    return parsedRecords.parse(parsed).map(({ record, raw, info }) => ({
      fields: record,
      line: info.lines - (raw.trim().match(/\n/g)?.length ?? 0),
    }));
  } catch (error) {
    if (error instanceof z.ZodError) throw error;
    throw new PrunebenchError(`${file}: ${messageOf(error)}.`, {
      remedy: 'Quote every field that contains a comma, a quote or a line break, and write a quote inside it twice.',
      cause: error,
    });
  }
}

function checkHeader({ fields, line }: CsvRecord, file: string): void {
  const fault = (reason: string, remedy: string) =>
    new PrunebenchError(`${file}, line ${line}: ${reason}.`, {
      remedy: `${remedy}The columns are ${NAMES.join(', ')}. ${EXPLAINED}`,
    });
  const missing = NAMES.filter((name) => !fields.includes(name));
  const unknown = fields.find((name) => !publishedColumns.has(name));
  if (unknown !== undefined) {
    const meant = nearestName(unknown, missing);
    throw fault(`there is no column "${unknown}"`, meant === undefined ? 'Remove it. ' : `Did you mean "${meant}"? `);
  }
  const twice = fields.find((name, i) => fields.indexOf(name) !== i);
  if (twice !== undefined) throw fault(`column ${twice} stands twice`, 'Remove one of the two. ');
  if (missing.length > 0)
    throw fault(
      `${missing.length === 1 ? 'column' : 'columns'} ${missing.join(', ')} missing`,
      'Add what is missing. ',
    );
}

function rowOf(header: CsvRecord, { fields, line }: CsvRecord, file: string): PublishedRow {
  const row = Object.fromEntries(header.fields.map((name, i) => [name, fields[i]]));
  const parsed = publishedRow.safeParse(row);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const column = path.join('.');
  throw new PrunebenchError(`${file}, line ${line}, column ${column}: ${message}, found "${row[column]}".`, {
    remedy: `${column} is ${publishedColumns.get(column)}. ${EXPLAINED}`,
  });
}
