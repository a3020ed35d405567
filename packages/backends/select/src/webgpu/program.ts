import * as tf from '@tensorflow/tfjs-core';

/** A program of tfjs's WebGPU backend, as far as it is used here. */
interface Program {
  readonly variableNames: readonly string[];
  readonly uniforms: string;
  readonly outputShape: readonly number[];
  readonly workgroupSize: readonly [number, number, number];
  readonly dispatchLayout: { readonly x: readonly number[] };
  readonly dispatch: readonly [number, number, number];
  readonly size: true;
  readonly shaderKey: string;
  getUserCode(): string;
}

interface Uniform {
  readonly type: 'int32' | 'float32';
  readonly data: readonly number[];
}

/** tfjs's WebGPU backend. */
export interface ProgramRunner extends tf.KernelBackend {
  runWebGPUProgram(
    program: Program,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: readonly Uniform[],
  ): tf.TensorInfo;
}

export interface Elementwise {
  /** Names the code: programs of the same name are compiled once. */
  readonly name: string;
  readonly outputShape: readonly number[];
  /** Float tensors, in the code flat arrays of these names. All must occur in it. */
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  /** In the code `uniforms.<name>`, of type i32. */
  readonly integers?: Readonly<Record<string, number>>;
  /** In the code `uniforms.<name>`, of type f32. */
  readonly floats?: Readonly<Record<string, number>>;
  /** WGSL statements that end in `return` of the value of the output's element `index`. */
  readonly body: string;
}

const WORKGROUP = 64;

/** Runs a program that computes each element of its output on its own: one dispatch. */
export function runElementwise(backend: ProgramRunner, code: Elementwise): tf.TensorInfo {
  const { name, outputShape, inputs, integers = {}, floats = {}, body } = code;
  const declared = [
    ...Object.keys(integers).map((uniform) => `${uniform} : i32,`),
    ...Object.keys(floats).map((uniform) => `${uniform} : f32,`),
  ];
  const program: Program = {
    shaderKey: `prunebench ${name}`,
    variableNames: Object.keys(inputs),
    uniforms: declared.join(' '),
    outputShape,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(tf.util.sizeFromShape([...outputShape]) / WORKGROUP), 1, 1],
    size: true,
    getUserCode: () => `
      fn element(index : i32) -> f32 { ${body} }
      fn main(index : i32) { if (index < uniforms.size) { setOutputAtIndex(index, element(index)); } }`,
  };
  return backend.runWebGPUProgram(program, Object.values(inputs), 'float32', [
    ...Object.values(integers).map((value) => ({ type: 'int32', data: [value] }) as const),
    ...Object.values(floats).map((value) => ({ type: 'float32', data: [value] }) as const),
  ]);
}

/**
 * Adds up parts [parts, ...outputShape], one after the other: in a fixed order, so that the same step gives the same weights,
 * which tfjs's own split products do not promise (they add atomically). Disposes the parts.
 *
 * @param divisor what the sums are divided by
 */
export function sumOfParts(
  backend: ProgramRunner,
  partial: tf.TensorInfo,
  outputShape: readonly number[],
  divisor = 1,
): tf.TensorInfo {
  const sum = runElementwise(backend, {
    name: 'sumOfParts',
    outputShape,
    inputs: { partial },
    integers: { parts: partial.shape[0] },
    floats: { divisor },
    body: `
      var sum = 0.0;
      for (var part = 0; part < uniforms.parts; part++) { sum += partial[part * uniforms.size + index]; }
      return sum / uniforms.divisor;`,
  });
  backend.disposeData(partial.dataId);
  return sum;
}
