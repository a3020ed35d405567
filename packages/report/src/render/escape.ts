import { printable } from '@prunebench/core';

/**
 * A name or sentence of anybody's as Markdown that shows exactly its characters, in a table cell as in a list: on one line, no
 * column is ended, nothing is set in bold or as code or mathematics, linked, or read as HTML,
 * and its beginning opens no heading, list or quotation.
 */
export function escapeMarkdown(text: string): string {
  return (
    printable(text)
      .replace(/[\\`*_[\]|~$]/g, '\\$&')
      .replace(/&(?=#?\w+;)/g, '&amp;')
      .replace(/<(?=[a-z/!?])/gi, '&lt;')
      // Addresses are links without any mark.
      .replace(/:(?=\/\/)/g, '&#58;')
      .replace(/\b(www)\./gi, '$1&#46;')
      .replace(/(?<=[\w.+-])@(?=[\w-])/g, '&#64;')
      .replace(/^\s*([#>+=-])/, '\\$1')
      .replace(/^\s*(\d+)([.)])(?=\s|$)/, '$1\\$2')
  );
}
