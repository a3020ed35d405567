// The memory in which a captured step finds a variable. Replayed calls name it by address, so before a replay the variable's
// values must lie there, and no other tensor's.
import { engine, keep, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { areNumbers, bytesPerElement, type NativeBackend, numericType } from '../backend.ts';
import type { Block } from '../memory.ts';

export type NumericArray = Float32Array | Int32Array | Uint8Array;

export interface Home {
  readonly variable: Variable;
  readonly block: Block;
  /** Keeps the data that lies in `block` alive; normally the variable is the only other tensor over it. */
  handle: Tensor;
  /** Captured steps that use it. */
  users: number;
}

/** One home per variable, shared by all steps that use the variable. */
const homes = new WeakMap<Variable, Home>();

export function viewOf(block: Block, { shape, dtype }: { shape: number[]; dtype: string }): NumericArray {
  const size = shape.reduce((product, length) => product * length, 1);
  if (dtype === 'int32') return new Int32Array(block.buffer, 0, size);
  return dtype === 'bool' ? new Uint8Array(block.buffer, 0, size) : new Float32Array(block.buffer, 0, size);
}

/** The variable's home, made if it has none; the variable's values lie in it afterwards. */
export function settle(backend: NativeBackend, variable: Variable): Home {
  const known = homes.get(variable);
  if (known) {
    known.users++;
    bringHome(backend, known);
    return known;
  }
  const block = backend.pool.take(variable.size * bytesPerElement(variable.dtype));
  const home: Home = { variable, block, handle: tensorIn(backend, block, variable), users: 1 };
  homes.set(variable, home);
  bringHome(backend, home);
  return home;
}

/** One user less; the last one lets go of the memory, which stays with the variable. */
export function leaveHome(home: Home): void {
  home.users--;
  if (home.users > 0) return;
  homes.delete(home.variable);
  home.handle.dispose();
}

/** Moves the variable's values home if they are not there, and other tensors over that data out of it. */
export function bringHome(backend: NativeBackend, home: Home): void {
  const { variable, handle, block } = home;
  const away = variable.dataId !== handle.dataId;
  const alone = backend.refCount(handle.dataId) === (away ? 1 : 2);
  if (!alone) {
    // Another tensor shares the data (a clone, say). It keeps the values, in other memory; the home gets new data.
    const elsewhere = backend.pool.take(block.bytes);
    new Uint8Array(elsewhere.buffer).set(new Uint8Array(block.buffer));
    backend.dataOf(handle.dataId).moveTo(elsewhere);
    home.handle = tensorIn(backend, block, variable);
    handle.dispose();
  }
  if (!away && alone) return;
  if (away) {
    const { values } = backend.dataOf(variable.dataId);
    if (!areNumbers(values)) throw new Error(`Variable ${variable.name} has values that are no numbers.`);
    viewOf(block, variable).set(values);
  }
  variable.assign(home.handle);
}

function tensorIn(backend: NativeBackend, block: Block, { shape, dtype }: Tensor): Tensor {
  const info = backend.tensorIn(block, shape, numericType(dtype));
  return keep(engine().makeTensorFromTensorInfo(info, backend));
}
