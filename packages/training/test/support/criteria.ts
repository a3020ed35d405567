import {
  type Citation,
  type Criterion,
  defineCriterion,
  type Network,
  prunableSpecs,
  type Subject,
} from '@prunebench/core';
import { z } from 'zod';

const citation: Citation = { authors: 'none', title: 'none', year: 2000, venue: 'none', url: 'https://example.org' };

/** A criterion of which a test sets what it looks at. */
export function criterionOf(parts: Partial<Criterion> & Pick<Criterion, 'score'>): Criterion {
  return defineCriterion({
    id: 'toy-criterion',
    title: 'toy',
    citation,
    taxonomy: 'magnitude',
    options: z.strictObject({ power: z.number().default(1) }),
    granularity: ['weight'],
    needs: ['weights', 'initial-weights', 'activations'],
    when: 'any',
    ...parts,
  });
}

/** |w| */
export function absolute({ network, parameters }: Subject): Record<string, Float32Array> {
  return scoresOf(network, (name) => parameters[name].values.map(Math.abs));
}

export function scoresOf(network: Network, values: (name: string) => Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, values(name)]));
}
