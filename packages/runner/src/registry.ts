import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Benchmark,
  type Criterion,
  type Dataset,
  fromCriterion,
  type Method,
  type Network,
  PrunebenchError,
  type StepKind,
} from '@prunebench/core';
import { criteria as magnitude } from '@prunebench/criterion-magnitude';
import { buildModel, findModel, models } from '@prunebench/models';
import { stepKinds } from '@prunebench/training';
import { exists } from './files.ts';
import { repositoryRoot } from './repository.ts';
import { unknownName } from './suggest.ts';

/** Every criterion, by family. A new family adds its import above and its line here; each criterion is a method too. */
const criteria: readonly Criterion<unknown>[] = [...(magnitude as readonly Criterion<unknown>[])];

/** Methods that are more than a criterion with a schedule. */
const methods: readonly Method<unknown>[] = [];

/** What a network is built for. */
export interface DataShape {
  readonly inputShape: readonly number[];
  readonly classes: number;
}

export interface DatasetEntry {
  readonly id: string;
  readonly title: string;
  load(): Promise<Dataset>;
}

export interface ModelEntry {
  readonly id: string;
  readonly title: string;
  build(shape: DataShape): Network;
}

export interface BenchmarkEntry {
  readonly id: string;
  load(): Promise<Benchmark>;
}

/** Everything that can be named on the command line or in a benchmark. */
export interface Registry {
  readonly criteria: ReadonlyMap<string, Criterion<unknown>>;
  readonly methods: ReadonlyMap<string, Method<unknown>>;
  readonly stepKinds: ReadonlyMap<string, StepKind<unknown>>;
  readonly datasets: ReadonlyMap<string, DatasetEntry>;
  readonly models: ReadonlyMap<string, ModelEntry>;
  readonly benchmarks: ReadonlyMap<string, BenchmarkEntry>;
}

/** What a module named with `--plugin` exports as its default: entries of one's own beside the suite's. */
export interface Plugin {
  readonly criteria?: readonly Criterion<unknown>[];
  readonly methods?: readonly Method<unknown>[];
  readonly stepKinds?: readonly StepKind<unknown>[];
  readonly datasets?: readonly DatasetEntry[];
  readonly models?: readonly ModelEntry[];
  readonly benchmarks?: readonly Benchmark[];
}
