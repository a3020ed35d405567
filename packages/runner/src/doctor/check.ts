/** What one check of the installation found. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was looked at: "Node.js", "dataset mnist" ... */
  readonly subject: string;
  readonly detail: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}
