/** What GPU.js gives a kernel as `this`. */
export interface Thread<Constant extends string> {
  readonly thread: { readonly x: number };
  readonly constants: Readonly<Record<Constant, number>>;
}

/** An array argument of a kernel. */
export type Values = ArrayLike<number>;
