/** The value of a JSON text, for a schema to judge; undefined, which no schema takes, where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
