// Compiled networks for the interpreter of cc/sparse-inference/, whose format the addon names.
import { NumberList, type Numbers, type SharedEnums } from './descriptors.ts';
import { registeredBackend } from './register.ts';
import { allocateFloats, invokeOnArrays } from './sparse.ts';

/** The words that an operation's values are laid out by: input, output and what else it reads. */
export interface ProgramEnds {
  readonly input?: Numbers | undefined;
  readonly output?: Numbers | undefined;
  readonly other?: Numbers | undefined;
}

/** How tables of weights are laid out, in floats (cc/sparse/sparse-tile.h, cc/sparse-inference/sparse-features.cc). */
export interface TableFormat {
  /** An offset and a weight. */
  readonly entryFloats: number;
  /** An offset and the weights of `blockRows` outputs. */
  readonly blockFloats: number;
  readonly blockRows: number;
  /** Four offsets and four weights of a row of features. */
  readonly fourFloats: number;
  /** What one of these offsets counts. */
  readonly featureOffsetFloats: number;
  /** Patches that the Winograd kernel takes at once, in vectors. */
  readonly winogradVectors: number;
}

/** Lays out a compiled network, word by word. */
export class ProgramFormat {
  readonly tables: TableFormat;
  readonly #header: NumberList;
  readonly #value: NumberList;
  readonly #valueWords: number;
  readonly #operationWords: number;
  readonly #operations: ReadonlyMap<string, { readonly code: number; readonly parameters: NumberList }>;

  constructor(enums: SharedEnums, numbers: Readonly<Record<string, number>>) {
    const shared = (name: string): number => {
      const value = numbers[name];
      if (value === undefined) throw new Error(`The native addon shares no number '${name}'.`);
      return value;
    };
    this.tables = {
      entryFloats: shared('entryFloats'),
      blockFloats: shared('blockFloats'),
      blockRows: shared('blockRows'),
      fourFloats: shared('fourFloats'),
      featureOffsetFloats: shared('featureOffsetFloats'),
      winogradVectors: shared('winogradVectors'),
    };
    this.#operationWords = shared('operationWords');
    this.#header = new NumberList('A program', enums.list('ProgramWord'), enums);
    this.#value = new NumberList('A value of a program', enums.list('ValueWord'), enums);
    this.#valueWords = enums.names('ValueWord').length;
    const kinds = enums.list('OpKind').map(({ name, marks }, code) => {
      const parameters = [...marks].flatMap((mark) => (enums.has(mark) ? enums.list(mark) : []));
      return [name, { code, parameters: new NumberList(`Operation ${name}`, parameters, enums) }] as const;
    });
    this.#operations = new Map(kinds);
  }

  /** @throws Error naming the word that is missing or unknown */
  header(words: Numbers): number[] {
    const row: number[] = [];
    this.#header.write(row, 0, words);
    return row;
  }

  /**
   * @param kind the operation's name
   * @param ends its values; those that it has not are left 0
   * @param parameters by name
   * @throws Error when there is no such operation, naming the parameter or word that is missing or unknown
   */
  operation(kind: string, ends: ProgramEnds, parameters: Numbers): number[] {
    const operation = this.#operations.get(kind);
    if (!operation)
      throw new Error(`A program has no operation '${kind}'; it has ${[...this.#operations.keys()].join(', ')}.`);
    const row = Array<number>(this.#operationWords).fill(0);
    row[0] = operation.code;
    for (const [i, value] of [ends.input, ends.output, ends.other].entries())
      if (value) this.#value.write(row, 1 + i * this.#valueWords, value);
    const end = operation.parameters.write(row, 1 + 3 * this.#valueWords, parameters);
    if (end > this.#operationWords) throw new Error(`Operation ${kind} has more parameters than there are words.`);
    return row;
  }
}

let format: ProgramFormat | undefined;

/** The format of the loaded addon. @throws Error before `registerNativeBackend` has finished */
export function programFormat(): ProgramFormat {
  const { addon, kernels } = registeredBackend();
  format ??= new ProgramFormat(kernels.enums, addon.numbers);
  return format;
}

/** A compiled network, ready to run. */
export class SparseProgram {
  readonly #words: Float64Array;
  readonly #arena: Float32Array | undefined;
  readonly #arrays: readonly ArrayBufferView[];

  /**
   * @param header the program's first words
   * @param operations the words of its operations, one after another
   * @param arrays the arrays whose addresses it names, kept alive with it
   */
  constructor(
    header: { readonly identity: number; readonly vectors: number; readonly arenaFloats: number },
    operations: readonly (readonly number[])[],
    arrays: readonly ArrayBufferView[],
  ) {
    const first = programFormat().header({ ...header, operations: operations.length });
    this.#words = Float64Array.from([...first, ...operations.flat()]);
    this.#arrays = arrays;
    // A single image is shared by all threads, so its arena is; images in tiles have one per thread, made there.
    this.#arena = header.vectors === 0 ? allocateFloats(header.arenaFloats) : undefined;
  }

  /**
   * @param batch [images, features]
   * @param result [images, outputs]; the caller answers for both lengths
   */
  run(batch: Float32Array, images: number, result: Float32Array): void {
    invokeOnArrays('SparseProgram', { program: this.#words, batch, result, arena: this.#arena }, { images });
  }

  /** How many arrays it keeps alive. */
  get arrays(): number {
    return this.#arrays.length;
  }
}
