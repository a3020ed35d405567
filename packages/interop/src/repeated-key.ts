/**
 * The first key that one of the objects in a JSON text has twice. `JSON.parse` keeps the last of the two without a word, and
 * other readers keep the first: what such a text says depends on who reads it.
 *
 * @param json valid JSON
 */
export function repeatedKey(json: string): string | undefined {
  const none = new Set<string>();
  /** The keys so far of every object, and none of every array, that is open at this place. */
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(none);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = closingQuote(json, i);
      if (colonFollows(json, end)) {
        // Parsed, because "a" can be written "\u0061" too.
        const key: string = JSON.parse(json.slice(i, end + 1));
        const keys = open[open.length - 1];
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end;
    }
  }
  return undefined;
}

function closingQuote(json: string, opening: number): number {
  let i = opening + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i;
}

/** In valid JSON a colon follows a string only where the string is a key. */
function colonFollows(json: string, end: number): boolean {
  let i = end + 1;
  while (i < json.length && json[i].trim() === '') i++;
  return json[i] === ':';
}
