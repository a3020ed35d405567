/** The cells of a Markdown table's first row, by heading. */
export function firstRow(table: string): Record<string, string> {
  const [headings, , cells] = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return Object.fromEntries(headings.map((heading, i) => [heading, cells[i]]));
}
