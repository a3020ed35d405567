// Groups of commands that are to run as one, found from the last command of a step to the first.
import { type Command, readersOf, type Value } from './graph.ts';

/** Commands that run as one: where they have more than one member, over equally many elements. */
export interface Group {
  readonly size: number;
  /** In the order of the step. */
  readonly members: Command[];
}

interface Node extends Group {
  readonly id: number;
  /** A bit for each group that needs this one, by way of others or not. */
  readonly after: Uint32Array<ArrayBuffer>;
}

export class Groups {
  readonly readers: ReadonlyMap<Value, readonly Command[]>;
  readonly #words: number;
  readonly #nodes: Node[] = [];
  readonly #nodeOf = new Map<Command, Node>();

  constructor(commands: readonly Command[]) {
    this.readers = readersOf(commands);
    this.#words = (commands.length >> 5) + 1;
  }

  of(command: Command): Group | undefined {
    return this.#nodeOf.get(command);
  }

  readersOf(command: Command): Command[] {
    return command.outputs.flatMap((value) => this.readers.get(value) ?? []);
  }

  /** The groups over so many elements that the command may join: nothing outside a group would both need it and be needed by the group. */
  open(command: Command, size: number): Group[] {
    const next = this.#behind(command);
    return this.#nodes.filter((node) => node.size === size && !next.some((one) => one !== node && isBefore(one, node)));
  }

  /** Puts a command that comes before all others so far into a group, a new one if none is given. */
  add(command: Command, size: number, chosen: Group | undefined): void {
    const node = this.#nodes.find((one) => one === chosen) ?? this.#made(size);
    node.members.unshift(command);
    this.#nodeOf.set(command, node);
    const added = new Uint32Array(this.#words);
    for (const one of this.#behind(command)) {
      if (one === node) continue;
      unite(added, one.after);
      added[one.id >> 5]! |= 1 << (one.id & 31);
    }
    for (const one of this.#nodes) if (one === node || isBefore(one, node)) unite(one.after, added);
  }

  #behind(command: Command): Node[] {
    return [...new Set(this.readersOf(command).flatMap((reader) => this.#nodeOf.get(reader) ?? []))];
  }

  #made(size: number): Node {
    const node = { size, members: [], id: this.#nodes.length, after: new Uint32Array(this.#words) };
    this.#nodes.push(node);
    return node;
  }
}

const isBefore = (a: Node, b: Node): boolean => ((a.after[b.id >> 5]! >>> (b.id & 31)) & 1) === 1;

function unite(to: Uint32Array, from: Uint32Array): void {
  for (let i = 0; i < to.length; i++) to[i]! |= from[i]!;
}
