/** A value from a file for a message: as JSON, cut where it is long; what is nested too deep cannot be written at all. */
export function shown(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? 'undefined';
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  } catch {
    return 'nested without end';
  }
}
