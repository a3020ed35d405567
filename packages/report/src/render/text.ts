/** How much room texts take in a picture, reckoned from the widths of Helvetica's characters, so that no machine's fonts matter. */

/** Thousandths of the font's size, of the characters from the space to the tilde (Adobe's metrics of Helvetica). */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
const FIRST = 32;
/** Of any other character. */
const OTHER = 700;
/** Room for fonts that are somewhat wider, and for bold ones. */
const ROOM = 1.08;

/** Width in pixels of a line of text. */
export function textWidth(text: string, fontSize: number): number {
  const thousandths = [...text].reduce((sum, each) => sum + (WIDTHS[each.charCodeAt(0) - FIRST] ?? OTHER), 0);
  return (ROOM * fontSize * thousandths) / 1000;
}

/**
 * The lines of a text that is to be at most `width` pixels wide, as few as there need be and of about one length, so that no word is left
 * alone at the end. Broken at spaces, but not before a per cent sign.
 */
export function wrap(text: string, width: number, fontSize = 12): string[] {
  const words = text.split(/ (?!%)/);
  const fewest = filled(words, width, fontSize).length;
  let [low, high] = [0, width];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (filled(words, middle, fontSize).length <= fewest) high = middle;
    else low = middle;
  }
  return filled(words, high, fontSize);
}

function filled(words: readonly string[], width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || textWidth(longer, fontSize) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
