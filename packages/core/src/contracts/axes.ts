/** What a curve may be drawn over: a share of the weights, of the units or of the multiply-adds, or the strength of a penalty. */
export const axes = ['sparsity', 'units', 'multiplyAdds', 'lambda'] as const;
export type Axis = (typeof axes)[number];
