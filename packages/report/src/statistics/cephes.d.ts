/** The part of Cephes that is used here: its own types are not found, because its `exports` do not name them. */
declare module 'cephes' {
  export const compiled: Promise<void>;
  /** Student's distribution function with k degrees of freedom. */
  export function stdtr(k: number, t: number): number;
  /** Its inverse. */
  export function stdtri(k: number, p: number): number;
}
