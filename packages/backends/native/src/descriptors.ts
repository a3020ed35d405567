// What the addon says of its kernels (cc/addon/call.h): the names of their operands and numbers, by which calls are made here. The
// names are checked where a call is laid out, for C++ would follow whatever it finds.

/** A kernel as the addon declares it; the lists are text. */
export interface KernelDeclaration {
  readonly name: string;
  readonly operands: string;
  readonly numbers: string;
}

/** A number of a call: a name where it stands for one of an enumeration, a list where there are as many as `rank` says. */
export type NumberValue = number | boolean | string | readonly number[];
export type Numbers = Readonly<Record<string, NumberValue>>;

/** Operands by name; an optional one may be missing. */
export type Operands<T> = Readonly<Record<string, T | null | undefined>>;

/** Where words are written: an array of float64, or one that grows. */
export interface Words {
  [index: number]: number;
}

interface ListedName {
  readonly name: string;
  readonly marks: ReadonlySet<string>;
}

/** Reads `x, mask, mask_optional = mask, y`: a mark stands behind the name that it belongs to. */
function parseList(text: string): readonly ListedName[] {
  const names: { name: string; marks: Set<string> }[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const mark = /^[^_]+_(\w+) =/.exec(item)?.[1];
    if (mark) names.at(-1)?.marks.add(mark);
    else if (item) names.push({ name: item, marks: new Set() });
  }
  return names;
}

/** The enumerations that both sides name, by their own names: the names in the order of their values. */
export class SharedEnums {
  readonly #lists: ReadonlyMap<string, readonly ListedName[]>;

  constructor(enums: Readonly<Record<string, string>>) {
    this.#lists = new Map(Object.entries(enums).map(([name, text]) => [name, parseList(text)]));
  }

  /** @throws Error when the addon has no such enumeration */
  list(enumeration: string): readonly ListedName[] {
    const list = this.#lists.get(enumeration);
    if (!list) throw new Error(`The native addon shares no enumeration '${enumeration}'.`);
    return list;
  }

  names(enumeration: string): readonly string[] {
    return this.list(enumeration).map(({ name }) => name);
  }

  has(enumeration: string): boolean {
    return this.#lists.has(enumeration);
  }
}

/** A row of named numbers, as a kernel's call or an operation of a compiled network has it. */
export class NumberList {
  readonly #owner: string;
  readonly #numbers: readonly { name: string; each: boolean; codes: ReadonlyMap<string, number> | undefined }[];
  readonly #names: ReadonlySet<string>;

  /** @param owner what errors name, such as `MatMul` */
  constructor(owner: string, list: readonly ListedName[], enums: SharedEnums) {
    this.#owner = owner;
    this.#numbers = list.map(({ name, marks }) => {
      const enumeration = [...marks].find((mark) => enums.has(mark));
      const codes = enumeration && new Map(enums.names(enumeration).map((value, code) => [value, code]));
      return { name, each: marks.has('each'), codes: codes || undefined };
    });
    this.#names = new Set(list.map(({ name }) => name));
  }

  /**
   * Writes the numbers in their order.
   *
   * @returns the place behind the last one
   * @throws Error naming the number that is missing, unknown or of a wrong kind
   */
  write(words: Words, at: number, values: Numbers): number {
    for (const name in values)
      if (!this.#names.has(name)) throw new Error(`${this.#owner} has no number '${name}'; it has ${this.#known()}.`);
    let next = at;
    for (const { name, each, codes } of this.#numbers) {
      const value = values[name];
      if (each) for (const one of this.#listed(name, value, values.rank)) words[next++] = one;
      else words[next++] = codes ? this.#codeOf(name, value, codes) : this.#wordOf(name, value);
    }
    return next;
  }

  #listed(name: string, value: NumberValue | undefined, rank: NumberValue | undefined): readonly number[] {
    if (typeof value === 'object' && value.length === rank) return value;
    throw new Error(`${this.#owner}: '${name}' must be a list of ${rank} numbers, not ${value}.`);
  }

  #codeOf(name: string, value: NumberValue | undefined, codes: ReadonlyMap<string, number>): number {
    const code = typeof value === 'string' ? codes.get(value) : undefined;
    if (code !== undefined) return code;
    throw new Error(`${this.#owner}: '${name}' must be one of ${[...codes.keys()].join(', ')}, not ${value}.`);
  }

  #wordOf(name: string, value: NumberValue | undefined): number {
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    throw new Error(`${this.#owner}: '${name}' must be a number, not ${value}; it has ${this.#known()}.`);
  }

  #known(): string {
    return this.#names.size > 0 ? [...this.#names].join(', ') : 'none';
  }
}

/** One kernel's declaration, read. */
class KernelDescriptor {
  readonly name: string;
  /** Its place in the addon's table. */
  readonly number: number;
  readonly numbers: NumberList;
  readonly #operands: readonly ListedName[];
  readonly #names: ReadonlySet<string>;

  constructor({ name, operands, numbers }: KernelDeclaration, number: number, enums: SharedEnums) {
    this.name = name;
    this.number = number;
    this.numbers = new NumberList(name, parseList(numbers), enums);
    this.#operands = parseList(operands);
    this.#names = new Set(this.#operands.map((operand) => operand.name));
  }

  /** The operands in their order. */
  ordered<T>(operands: Operands<T>): (T | null)[] {
    for (const name in operands)
      if (!this.#names.has(name)) throw new Error(`${this.name} has no operand '${name}'; it has ${this.#known()}.`);
    return this.#operands.map(({ name, marks }) => {
      const operand = operands[name] ?? null;
      if (operand === null && !marks.has('optional'))
        throw new Error(`${this.name} needs the operand '${name}'; it has ${this.#known()}.`);
      return operand;
    });
  }

  operandNames(): readonly string[] {
    return this.#operands.map(({ name }) => name);
  }

  /** The operands that the kernel writes. */
  written(): readonly string[] {
    return this.#operands.flatMap(({ name, marks }) => (marks.has('out') ? [name] : []));
  }

  #known(): string {
    return [...this.#names].join(', ');
  }
}

/** The addon's kernels by name, and how their calls are laid out. */
export class KernelTable {
  readonly enums: SharedEnums;
  readonly #kernels: ReadonlyMap<string, KernelDescriptor>;

  constructor(kernels: readonly KernelDeclaration[], enums: Readonly<Record<string, string>>) {
    this.enums = new SharedEnums(enums);
    this.#kernels = new Map(kernels.map((kernel, i) => [kernel.name, new KernelDescriptor(kernel, i, this.enums)]));
  }

  /** @throws Error when the addon has no such kernel */
  descriptor(kernel: string): KernelDescriptor {
    const descriptor = this.#kernels.get(kernel);
    if (!descriptor) throw new Error(`The native addon has no kernel '${kernel}'.`);
    return descriptor;
  }

  /**
   * Lays a call out in `words` from `at` on: [kernel, operands, numbers, addresses ..., numbers ...].
   *
   * @returns the place behind it
   * @throws Error naming the kernel, operand or number that is missing, unknown or of a wrong kind
   */
  write<T>(
    words: Words,
    at: number,
    kernel: string,
    operands: Operands<T>,
    numbers: Numbers,
    addressOf: (operand: T) => number,
  ): number {
    const descriptor = this.descriptor(kernel);
    // Addresses first: asking for one may run code of Node's that knows nothing of shared words.
    const addresses = descriptor.ordered(operands).map((operand) => (operand === null ? 0 : addressOf(operand)));
    const begin = at + 3 + addresses.length;
    const end = descriptor.numbers.write(words, begin, numbers);
    words[at] = descriptor.number;
    words[at + 1] = addresses.length;
    words[at + 2] = end - begin;
    for (const [i, address] of addresses.entries()) words[at + 3 + i] = address;
    return end;
  }
}
