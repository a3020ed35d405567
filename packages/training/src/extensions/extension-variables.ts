import { type Network, type ParameterRecord, PrunebenchError, parameterSpecs, type State } from '@prunebench/core';
import type { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedExtension } from './made-extensions.ts';

/** One tensor of an extension in a training. */
export interface OwnVariable {
  /** "<extension>/<name>", as in the state. */
  readonly name: string;
  readonly variable: tf.Variable;
  /** "<extension>/<group>"; undefined: moved with the network's parameters; null: not moved by gradients. */
  readonly group: string | undefined | null;
  readonly clamp: readonly [low: number, high: number] | undefined;
}

/** The variables of all extensions of a training, on the backend. */
export class ExtensionVariables {
  readonly all: readonly OwnVariable[];
  /** Of each extension, by the names it gave them. */
  readonly byExtension: ReadonlyMap<string, Readonly<Record<string, tf.Variable>>>;

  /**
   * @param state whose variables of the same names go on
   * @throws PrunebenchError for a name that is a parameter's, an unknown group, and a stored value of another shape
   */
  constructor(network: Network, extensions: readonly NamedExtension[], state: State, scope: TensorScope) {
    const taken = new Set(parameterSpecs(network).map(({ name }) => name));
    const all: OwnVariable[] = [];
    const byExtension = new Map<string, Record<string, tf.Variable>>();
    for (const { id, extension } of extensions) {
      const own: Record<string, tf.Variable> = {};
      for (const [short, { value, group, clamp }] of Object.entries(extension.variables ?? {})) {
        const name = `${id}/${short}`;
        if (taken.has(name))
          throw new PrunebenchError(`The variable ${short} of extension ${id} is called like a parameter: ${name}.`, {
            remedy: 'Give it another name.',
          });
        if (typeof group === 'string' && !extension.groups?.[group])
          throw new PrunebenchError(
            `The variable ${short} of extension ${id} is in a group that it does not have: ${group}.`,
            {
              remedy: `Groups it has: ${Object.keys(extension.groups ?? {}).join(', ') || 'none'}.`,
            },
          );
        const stored = state.variables?.[name] ?? value;
        if (String(stored.shape) !== String(value.shape))
          throw new PrunebenchError(
            `The state's ${name} has shape [${stored.shape}], extension ${id} wants [${value.shape}].`,
            { remedy: 'Use the options of the training that made it.' },
          );
        const variable = scope.own(
          tf.tidy(() => tf.variable(tf.tensor(stored.values, [...stored.shape], 'float32'), group !== null)),
        );
        own[short] = variable;
        all.push({ name, variable, group: typeof group === 'string' ? `${id}/${group}` : group, clamp });
      }
      byExtension.set(id, own);
    }
    this.all = all;
    this.byExtension = byExtension;
  }

  /** By "<extension>/<name>", as the state carries their values. */
  get byName(): Readonly<Record<string, tf.Variable>> {
    return Object.fromEntries(this.all.map(({ name, variable }) => [name, variable]));
  }

  /** Cuts those with a range. Call inside a tidy. */
  clamp(): void {
    for (const { variable, clamp } of this.all) if (clamp) variable.assign(tf.clipByValue(variable, ...clamp));
  }
}

/** The extensions' variables, beside those that earlier trainings have left. */
export function keptVariables({ variables: earlier = {} }: State, own: ParameterRecord): Pick<State, 'variables'> {
  const variables = { ...earlier, ...own };
  return Object.keys(variables).length > 0 ? { variables } : {};
}
