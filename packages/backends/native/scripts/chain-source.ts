// Writes chains as C++: one loop each, with what one link leaves for the next in a register.
import { compiledName } from '../src/capture/chain-form.ts';
import type { KernelTable } from '../src/descriptors.ts';

interface Link {
  readonly kernel: string;
  readonly told: readonly string[];
  readonly operands: readonly string[];
}

/** A form with what it is for. */
export interface ListedForm {
  readonly form: string;
  readonly title: string;
}

/** Reads a list of forms, one a line, each behind lines that begin with `#` and say what it is for. */
export function listedForms(text: string): readonly ListedForm[] {
  const listed: ListedForm[] = [];
  let title: string[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('#')) title.push(line.slice(1).trim());
    else if (line) {
      listed.push({ form: line, title: title.join(' ') });
      title = [];
    }
  }
  return listed;
}

/** The source of all chains, `compiled-chains.cc`. */
export function chainSource(kernels: KernelTable, forms: readonly ListedForm[]): string {
  return `// Written by scripts/compile-chains.ts from chain-forms.txt; do not edit.
//
// Chains as one loop each: a value that no other command reads stays in a register. Each operation rounds by itself (\`rounded\`), so that
// the numbers are those of the links run one by one.
#include "elementwise/chain.h"
#include "elementwise/operations.h"
#include "optimizer/adam.h"
#include "optimizer/momentum.h"
#include "simd/columns.h"
${forms.map(({ form, title }) => kernelSource(kernels, form, title)).join('')}`;
}

function kernelSource(kernels: KernelTable, form: string, title: string): string {
  const body = new Body(kernels, parsed(form));
  return `
// ${title}
KERNEL(${compiledName(form)}, (), (size, slots, links, sums, rank, EACH(program))) {
  runChain(chainOf<Self>(call), [](const Link* links, int64_t begin, int64_t end, RunSum* sums) {
${lines(body.before, 4)}
    for (int64_t group = begin; group < end; group += 4 * kLanes) {
${lines(body.ahead, 6)}
      for (int v = 0; v < 4; v += 2) {
        const int64_t i0 = group + v * kLanes, i1 = i0 + kLanes;
${lines(body.each.flatMap(forBoth), 8)}
      }
    }
${lines(body.after, 4)}
  });
}
`;
}

/** A line for the first vector and for the second: two computations that do not wait for each other fill the time in which one would wait for itself. */
const forBoth = (line: string): readonly string[] => ['0', '1'].map((vector) => line.replaceAll('@', vector));

const lines = (list: readonly string[], indent: number): string =>
  list.map((line) => `${' '.repeat(indent)}${line}`).join('\n');

function parsed(form: string): readonly Link[] {
  return form.split(' ').map((text) => {
    const [, name, operands] = /^([\w.]+)\(([^()]*)\)$/.exec(text) ?? [];
    if (!name || !operands) throw new Error(`'${text}' is not a link of a chain.`);
    const [kernel = '', ...told] = name.split('.');
    return { kernel, told, operands: operands.split(',') };
  });
}

const comparisons: Readonly<Record<string, string>> = {
  Equal: '==',
  NotEqual: '!=',
  Greater: '>',
  GreaterEqual: '>=',
  Less: '<',
  LessEqual: '<=',
  LogicalAnd: '&',
  LogicalOr: '|',
};

class Body {
  /** In front of the loop, at the head of a group of four vectors, for a vector (whose number `@` stands for), behind the loop. */
  readonly before: string[] = [];
  readonly ahead: string[] = [];
  readonly each: string[] = [];
  readonly after: string[] = [];
  readonly #kernels: KernelTable;
  readonly #known = new Set<string>();
  readonly #pointers = new Set<string>();
  #sums = 0;

  constructor(kernels: KernelTable, links: readonly Link[]) {
    this.#kernels = kernels;
    for (const [i, link] of links.entries()) this.#add(link, i);
  }

  #add({ kernel, told, operands }: Link, at: number): void {
    const descriptor = this.#kernels.descriptor(kernel);
    const names = descriptor.operandNames();
    const operand = (name: string): string => {
      const index = names.indexOf(name);
      return this.#named(operands[index] ?? '-', at, index);
    };
    const read = (name: string): string => this.#read(operand(name));
    const number = (name: string): string => `links[${at}].number(${descriptor.numbers.placeOf(name)})`;
    const constant = (name: string): string => {
      const value = `${name}${at}`;
      this.before.push(`const Vec ${value} = links[${at}].value(${descriptor.numbers.placeOf(name)});`);
      return value;
    };
    const step = (type: string, parts: readonly string[], braces: readonly [string, string], gradient: string) => {
      this.before.push(`const ${type} step${at}${braces[0]}${parts.join(', ')}${braces[1]};`);
      this.each.push(`step${at}.update(i@, ${gradient}, Whole{});`);
      for (const name of descriptor.written()) this.#known.add(`unreadable ${operand(name)}`);
    };
    const pointers = (...wanted: string[]) => wanted.map((name) => (operand(name) === '-' ? 'nullptr' : operand(name)));
    const [operation = '', type] = told;
    switch (kernel) {
      case 'Unary': {
        const parameters = ['Step', 'LeakyRelu', 'Selu', 'ClipByValue'].includes(operation)
          ? `${constant('first')}, ${constant('second')}`
          : 'Vec{}, Vec{}';
        this.#write(operand('y'), `apply<UnaryOperation::${operation}>(${read('x')}, ${parameters})`);
        break;
      }
      case 'Binary':
        this.#write(operand('out'), `apply<BinaryOperation::${operation}>(${read('a')}, ${read('b')})`);
        break;
      case 'Compare': {
        if (type !== 'float32' && !(type === 'uint8' && operation.startsWith('Logical')))
          throw new Error(`A chain with comparisons of ${type} cannot be compiled.`);
        this.#mark(operand('out'), `${read('a')} ${comparisons[operation]} ${read('b')}`);
        break;
      }
      case 'Select':
        this.#write(operand('out'), `${read('condition')} ? ${read('a')} : ${read('b')}`);
        break;
      case 'Cast':
        if (operation !== 'uint8' || type !== 'float32')
          throw new Error('Only a cast of a bool to float32 is compiled.');
        this.#write(operand('to'), `${read('from')} ? splat(1.0f) : Vec{}`);
        break;
      case 'Fill':
        this.#write(operand('out'), constant('value'));
        break;
      case 'Sum': {
        const sum = this.#sums++;
        this.before.push(`RunSum sum${sum} = sums[${sum}];`);
        this.each.push(`sum${sum}.addVector(v + @, ${read('x')});`);
        this.after.push(`sums[${sum}] = sum${sum};`);
        break;
      }
      case 'MomentumUpdate':
        step(
          'Momentum',
          [
            ...pointers('param', 'velocity', 'mask', 'newParam', 'newVelocity'),
            read('learningRate'),
            constant('momentum'),
            constant('weightDecay'),
            `${number('nesterov')} != 0`,
          ],
          ['{', '}'],
          read('gradient'),
        );
        break;
      case 'AdamUpdate':
        step(
          'Adam',
          [
            ...pointers('param', 'm', 'v', 'mask'),
            `links[${at}].at(${names.indexOf('schedule')})`,
            ...pointers('newParam', 'newM', 'newV'),
            `{${['beta1', 'beta2', 'epsilon', 'weightDecay'].map(number).join(', ')}, ${number('decoupled')} != 0}`,
          ],
          ['(', ')'],
          read('gradient'),
        );
        break;
      default:
        throw new Error(`A chain with ${kernel} cannot be compiled.`);
    }
  }

  /** An operand's name, with its memory at hand where it has any. */
  #named(name: string, at: number, index: number): string {
    if (name.startsWith('x') && !this.#pointers.has(name)) {
      this.#pointers.add(name);
      this.before.push(`float* const ${name} = links[${at}].at(${index});`);
      for (const line of ['', ` + ${16}`]) this.ahead.push(`__builtin_prefetch(${name} + group + kAhead${line});`);
    }
    if (name.startsWith('c') && !this.#pointers.has(name)) {
      this.#pointers.add(name);
      this.before.push(`const float* const ${name} = links[${at}].at(${index});`);
    }
    return name;
  }

  /** What holds an operand's value at the vector at hand. */
  #read(name: string): string {
    if (/^[xct]\d+_|^-$/.test(name) && !name.startsWith('t1_'))
      throw new Error(`The operand ${name} cannot be compiled.`);
    if (this.#known.has(`unreadable ${name}`))
      throw new Error('What an update leaves cannot be read by the same chain.');
    const value = name.startsWith('c') ? `${name}v` : `${name}v@`;
    if (!this.#known.has(name)) {
      this.#known.add(name);
      if (name.startsWith('c')) this.before.push(`const Vec ${value} = splat(*${name});`);
      else if (name.startsWith('x')) this.each.push(`const Vec ${value} = load(${name} + i@);`);
      else throw new Error(`The chain reads ${name} before it is written.`);
    }
    return value;
  }

  #write(name: string, value: string): void {
    this.#known.add(name);
    this.each.push(`const Vec ${name}v@ = rounded(${value});`);
    if (name.startsWith('x')) this.each.push(`store(${name} + i@, ${name}v@);`);
  }

  #mark(name: string, value: string): void {
    if (!name.startsWith('t')) throw new Error('A bool that leaves the chain cannot be compiled.');
    this.#known.add(name);
    this.each.push(`const IntVec ${name}v@ = ${value};`);
  }
}
