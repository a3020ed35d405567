import type { Product, Program, TensorId, TensorShape } from '../graph/operations.ts';
import { readsOf } from '../graph/operations.ts';

/**
 * How images lie in memory while a program runs.
 *
 * `tile`: a cell of `vectors` vectors holds one pixel of as many images as it has lanes; `image`: a cell is one float, and lanes
 * are neighbouring pixels of a single image.
 */
export interface CellLayout {
  readonly mode: 'tile' | 'image';
  /** 0 in mode `image`. */
  readonly vectors: number;
  /** Floats of a cell. */
  readonly floats: number;
}

/** A tensor's planes, one per channel: the image inside the zero padding that its readers need. */
export interface Plane extends TensorShape {
  readonly rows: number;
  /** Cells from one row to the next. */
  readonly pitch: number;
  readonly top: number;
  readonly left: number;
}

export function tileLayout(vectors: number, lanes: number): CellLayout {
  return { mode: 'tile', vectors, floats: vectors * lanes };
}

export const imageLayout: CellLayout = { mode: 'image', vectors: 0, floats: 1 };

/** Padding around a tensor of this shape that a window needs. */
function paddingFor({ window }: Product, input: TensorShape, output: TensorShape) {
  const beyond = (axis: 0 | 1, size: number, outSize: number, before: number) =>
    (outSize - 1) * window.strides[axis] + (window.size[axis] - 1) * window.dilation[axis] + 1 - before - size;
  return {
    top: window.top,
    left: window.left,
    bottom: Math.max(0, beyond(0, input.height, output.height, window.top)),
    right: Math.max(0, beyond(1, input.width, output.width, window.left)),
  };
}

/** The planes of all tensors of a program. */
export function planesOf(program: Program, { mode }: CellLayout): readonly Plane[] {
  const planes = program.tensors.map((tensor, id) => paddedPlane(program, tensor, id));
  return mode === 'image' ? withCommonPitch(program, planes) : planes;
}

function paddedPlane({ operations, tensors }: Program, tensor: TensorShape, id: TensorId): Plane {
  const padding = { top: 0, left: 0, bottom: 0, right: 0 };
  for (const operation of operations) {
    if (operation.kind !== 'product' || operation.input !== id) continue;
    const needed = paddingFor(operation, tensor, tensors[operation.output]);
    for (const side of ['top', 'left', 'bottom', 'right'] as const)
      padding[side] = Math.max(padding[side], needed[side]);
  }
  const rows = padding.top + tensor.height + padding.bottom;
  return { ...tensor, rows, pitch: padding.left + tensor.width + padding.right, top: padding.top, left: padding.left };
}

/** A weight is one shift for all pixels of an image only if a product's tensors have the same pitch. */
function withCommonPitch({ operations }: Program, planes: readonly Plane[]): readonly Plane[] {
  const pitch = planes.map((plane) => plane.pitch);
  for (let changed = true; changed; ) {
    changed = false;
    for (const operation of operations) {
      if (operation.kind !== 'product') continue;
      const tied = [operation.output, ...readsOf(operation)];
      const widest = Math.max(...tied.map((id) => pitch[id]));
      for (const id of tied) {
        if (pitch[id] === widest) continue;
        pitch[id] = widest;
        changed = true;
      }
    }
  }
  return planes.map((plane, id) => ({ ...plane, pitch: pitch[id] }));
}

/** Where each tensor lies in the arena, in floats. */
export interface Arena {
  readonly offsets: readonly number[];
  readonly floats: number;
}

/** Floats behind the last plane that a vector may read past it. */
const SLACK_FLOATS = 4096;

/**
 * Gives tensors places by liveness. A place goes from one tensor to another only if their planes are alike, because the padding is
 * cleared once and must stay zero.
 */
export function placeTensors(program: Program, planes: readonly Plane[], { floats }: CellLayout): Arena {
  const lastRead = new Map<TensorId, number>([[program.output, program.operations.length]]);
  for (const [i, operation] of program.operations.entries())
    for (const id of readsOf(operation)) lastRead.set(id, Math.max(i, lastRead.get(id) ?? 0));
  const offsets = Array<number>(planes.length).fill(0);
  const free = new Map<string, number[]>();
  let end = 0;
  const take = (id: TensorId) => {
    const known = free.get(keyOf(planes[id]))?.pop();
    offsets[id] = known ?? end;
    if (known === undefined) end += roundUp(planeFloats(planes[id], floats) * planes[id].channels);
  };
  take(program.input);
  for (const [i, operation] of program.operations.entries()) {
    take(operation.output);
    for (const id of new Set(readsOf(operation))) {
      if (lastRead.get(id) !== i) continue;
      const key = keyOf(planes[id]);
      free.set(key, [...(free.get(key) ?? []), offsets[id]]);
    }
  }
  const margin = Math.max(0, ...planes.map(({ pitch }) => pitch * 4 * floats));
  return { offsets, floats: end + margin + SLACK_FLOATS };
}

export function planeFloats({ rows, pitch }: Plane, cellFloats: number): number {
  return rows * pitch * cellFloats;
}

function keyOf({ channels, height, width, rows, pitch, top, left }: Plane): string {
  return [channels, height, width, rows, pitch, top, left].join();
}

/** Places begin at cache lines. */
function roundUp(floats: number): number {
  return Math.ceil(floats / 16) * 16;
}
