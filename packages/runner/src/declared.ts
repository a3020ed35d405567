/** What benchmarks and methods declare, as far as types alone do not hold a plugin in JavaScript to it. */
import type { Step, TrialDeclaration } from '@prunebench/core';
import { z } from 'zod';
import { parseOptions } from './parse-options.ts';

const name = z.string().min(1);

const declarations = z.array(
  z.looseObject({ dataset: name, network: name, method: name, series: name, control: z.boolean().optional() }),
);

const steps = z.array(z.looseObject({ kind: name, options: z.record(z.string(), z.unknown()) }));

/** @throws PrunebenchError naming the trial, by its place in the list, and the field */
export function checkDeclarations(declared: readonly TrialDeclaration[]): void {
  parseOptions(declarations, declared, "The benchmark's trials");
}

/** @throws PrunebenchError naming the method, and the step by its place in the list */
export function checkSteps(method: string, declared: readonly Step[]): void {
  parseOptions(steps, declared, `Method ${method}, steps`);
}
