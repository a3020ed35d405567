export const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (value, i) => value * b[i]));
