// Reductions and running sums. C++: cc/reduce/reduce.cc.
import type { NumericType } from '../backend.ts';
import type { Numbers } from '../descriptors.ts';
import { axesOf, axisOf } from './attributes.ts';
import { isFloat, type KernelBody, type KernelCall, type Kernels, required, sizeOf } from './kernel.ts';

interface Reduction {
  outer: number;
  reduced: number;
  inner: number;
}

/**
 * Splits a reduction into steps over [outer, reduced, inner], one per run of neighbouring axes, last run first. Axes of
 * size 1 join any run.
 */
function reductionSteps(shape: readonly number[], axes: readonly number[]): Reduction[] {
  const steps: Reduction[] = [];
  let current = shape.map((size, d) => ({ size, reduced: axes.includes(d) })).filter(({ size }) => size !== 1);
  for (;;) {
    const last = current.findLastIndex(({ reduced }) => reduced);
    if (last < 0) break;
    let first = last;
    while (first > 0 && current[first - 1]!.reduced) first--;
    const product = (from: number, to: number) => sizeOf(current.slice(from, to).map(({ size }) => size));
    steps.push({
      outer: product(0, first),
      reduced: product(first, last + 1),
      inner: product(last + 1, current.length),
    });
    current = [...current.slice(0, first), ...current.slice(last + 1)];
  }
  return steps.length > 0 ? steps : [{ outer: sizeOf(shape), reduced: 1, inner: 1 }];
}

function reduce({ backend, inputs, attrs }: KernelCall, kernel: string, options: Numbers, type: NumericType) {
  const { x } = required(inputs, 'x');
  const axes = axesOf(attrs.axis ?? attrs.reductionIndices, 'axis', x.shape);
  const kept = x.shape.map((size, d) => (axes.includes(d) ? 1 : size));
  const shape = attrs.keepDims ? kept : x.shape.filter((_, d) => !axes.includes(d));
  let from = x;
  for (const { outer, reduced, inner } of reductionSteps(x.shape, axes)) {
    const to = backend.output([outer, inner], type);
    backend.invoke(kernel, { x: from, out: to }, { outer, reduced, inner, ...options });
    if (from !== x) backend.disposeData(from.dataId);
    from = to;
  }
  return { ...from, shape };
}

const reduction =
  (kernel: string, options: Numbers, type: NumericType = 'float32'): KernelBody =>
  (call) =>
    call.inputs.x!.dtype === type ? reduce(call, kernel, options, type) : call.fallback();

const sum: KernelBody = (call) => {
  const type = call.inputs.x!.dtype;
  if (type === 'int32') return reduce(call, 'SumInteger', {}, type);
  return type === 'float32' ? reduce(call, 'Sum', { mean: false }, type) : call.fallback();
};

const cumulativeSum: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  if (!isFloat(x)) return fallback();
  const axis = axisOf(attrs.axis, 'axis', x.shape);
  const out = backend.output(x.shape);
  const sizes = { outer: sizeOf(x.shape.slice(0, axis)), size: x.shape[axis]!, inner: sizeOf(x.shape.slice(axis + 1)) };
  const options = { exclusive: Boolean(attrs.exclusive), reverse: Boolean(attrs.reverse) };
  backend.invoke('CumulativeSum', { x, out }, { ...sizes, ...options });
  return out;
};

const argExtreme =
  (sign: number): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const { x } = required(inputs, 'x');
    const axes = axesOf(attrs.axis, 'axis', x.shape);
    if (!isFloat(x) || axes.length !== 1) return fallback();
    const axis = axes[0]!;
    const out = backend.output(
      x.shape.filter((_, d) => d !== axis),
      'int32',
    );
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = sizeOf(x.shape.slice(axis + 1));
    backend.invoke('ArgExtreme', { x, out }, { outer, reduced: x.shape[axis]!, inner, sign });
    return out;
  };

export const reduceKernels: Kernels = {
  Sum: sum,
  Mean: reduction('Sum', { mean: true }),
  Max: reduction('Reduce', { operation: 'Max' }),
  Min: reduction('Reduce', { operation: 'Min' }),
  Prod: reduction('Reduce', { operation: 'Prod' }),
  All: reduction('Decide', { decisive: 0 }, 'bool'),
  Any: reduction('Decide', { decisive: 1 }, 'bool'),
  ArgMax: argExtreme(1),
  ArgMin: argExtreme(-1),
  Cumsum: cumulativeSum,
};
