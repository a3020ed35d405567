/** Tables and sentences without statistics and plots, whose libraries commands that only print should not wait for. */
export { default as stringWidth } from 'string-width';
export { renderCsv } from './render/csv.ts';
export { renderTable } from './render/markdown.ts';
export { drawTable, drawText, type Screen } from './render/terminal.ts';
export { type Table, tableOf } from './tables/table.ts';
