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

/** How many names an object has, without a list of them: this runs once or twice in every call of a kernel. */
function countOf(named: object): number {
  let count = 0;
  for (const _ in named) count++;
  return count;
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
    const numbers = this.#numbers;
    let next = at;
    for (let i = 0; i < numbers.length; i++) {
      const { name, each, codes } = numbers[i]!;
      const value = values[name];
      if (typeof value === 'number' && !codes && !each) words[next++] = value;
      else if (each) for (const one of this.#listed(name, value, values.rank)) words[next++] = one;
      else words[next++] = codes ? this.#codeOf(name, value, codes) : this.#wordOf(name, value);
    }
    // All that it has are there; whether there is more, their count says.
    if (countOf(values) !== numbers.length) this.#refuse(values);
    return next;
  }

  /**
   * Where a number stands among a call's numbers, if lists before it have one element.
   *
   * @throws Error where there is no such number
   */
  placeOf(number: string): number {
    const place = this.#numbers.findIndex(({ name }) => name === number);
    if (place < 0) throw new Error(`${this.#owner} has no number '${number}'; it has ${this.#known()}.`);
    return place;
  }

  #refuse(values: Numbers): never {
    const unknown = Object.keys(values).find((name) => !this.#names.has(name));
    throw new Error(`${this.#owner} has no number '${unknown}'; it has ${this.#known()}.`);
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
  readonly #operands: readonly { readonly name: string; readonly optional: boolean; readonly written: boolean }[];
  readonly #names: ReadonlySet<string>;

  constructor({ name, operands, numbers }: KernelDeclaration, number: number, enums: SharedEnums) {
    this.name = name;
    this.number = number;
    this.numbers = new NumberList(name, parseList(numbers), enums);
    this.#operands = parseList(operands).map(({ name: operand, marks }) => {
      return { name: operand, optional: marks.has('optional'), written: marks.has('out') };
    });
    this.#names = new Set(this.#operands.map((operand) => operand.name));
  }

  /** The operands in their order. */
  ordered<T>(operands: Operands<T>): (T | null)[] {
    const declared = this.#operands;
    const list: (T | null)[] = [];
    let named = 0;
    for (let i = 0; i < declared.length; i++) {
      const { name, optional } = declared[i]!;
      const operand = operands[name];
      if (operand != null || name in operands) named++;
      if (operand == null && !optional)
        throw new Error(`${this.name} needs the operand '${name}'; it has ${this.#known()}.`);
      list.push(operand ?? null);
    }
    if (countOf(operands) !== named) this.#refuse(operands);
    return list;
  }

  #refuse<T>(operands: Operands<T>): never {
    const unknown = Object.keys(operands).find((name) => !this.#names.has(name));
    throw new Error(`${this.name} has no operand '${unknown}'; it has ${this.#known()}.`);
  }

  operandNames(): readonly string[] {
    return this.#operands.map(({ name }) => name);
  }

  /** The operands that the kernel writes. */
  written(): readonly string[] {
    return this.#operands.flatMap(({ name, written }) => (written ? [name] : []));
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

  has(kernel: string): boolean {
    return this.#kernels.has(kernel);
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
    const ordered = descriptor.ordered(operands);
    const addresses: number[] = [];
    for (let i = 0; i < ordered.length; i++) {
      const operand = ordered[i];
      addresses.push(operand == null ? 0 : addressOf(operand));
    }
    const begin = at + 3 + addresses.length;
    const end = descriptor.numbers.write(words, begin, numbers);
    words[at] = descriptor.number;
    words[at + 1] = addresses.length;
    words[at + 2] = end - begin;
    for (let i = 0; i < addresses.length; i++) words[at + 3 + i] = addresses[i]!;
    return end;
  }
}
