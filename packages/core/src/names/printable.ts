/** C0 and C1 controls and DEL, the line separators of Unicode, what turns the direction of text around, and what XML has no place for. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/**
 * A name or message of anybody's on one line, safe for a terminal, a table or a plot: line breaks and tabs become spaces, any other
 * control character is written out (`\u001b`), so that it can neither move the cursor nor break a row.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n|[\n\r\t\v\f\u0085\u2028\u2029]/g, ' ')
    .replace(CONTROLS, writtenOut)
    .toWellFormed();
}

/** The same for text of several lines: line breaks (as `\\n`) and tabs stay. */
export function printableLines(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, (control) => (control === '\n' || control === '\t' ? control : writtenOut(control)))
    .toWellFormed();
}

/**
 * The same for a cell of a CSV file: what a spreadsheet would take for a formula begins with an apostrophe, by which it stays text.
 * Numbers, with a sign or without, are not touched.
 */
export function spreadsheetText(text: string): string {
  const shown = printableLines(text);
  return FORMULA.test(shown) && !NUMBER.test(shown) ? `'${shown}` : shown;
}

/** What spreadsheets begin formulas with, also after spaces and in the full-width forms of East Asian keyboards. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** As JavaScript and JSON write it. */
function writtenOut(control: string): string {
  return `\\u${control.codePointAt(0)!.toString(16).padStart(4, '0')}`;
}
