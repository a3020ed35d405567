import type { Layer, Progress, RunProvenance, ScaleName, TrialCode } from '@prunebench/core';
import type { Part, Spent } from '@prunebench/training/spent-time';
import type { PlannedTrial, Stage } from '../plan/plan.ts';

/** What a worker needs to know before its first task. */
export interface WorkerConfig {
  /** Absolute path of the results folder. */
  readonly results: string;
  /** Name of a backend, or "auto". */
  readonly backend: string;
  /** Absolute paths of plugin modules. */
  readonly plugins: readonly string[];
  /** How many workers share the machine's memory. */
  readonly workers: number;
  /** Whether it says where the time of each task went. */
  readonly profile: boolean;
}

/** What a worker says once its backend is loaded. */
export interface WorkerInfo {
  readonly backend: string;
  /** Compute threads of this worker. */
  readonly threads: number;
  /** Kinds of layers that it cannot train. */
  readonly untrainable: readonly Layer['kind'][];
  /** One line: what was chosen and why the better ones were not. */
  readonly reason: string;
  /** The instructions that decide its results' bits; absent where the backend's name says all. */
  readonly instructions?: string;
  readonly versions: Readonly<Record<string, string>>;
}

export interface StageTask {
  readonly type: 'stage';
  readonly stage: Stage;
}

/** Makes a finished (or failed) trial's record. */
export interface RecordTask {
  readonly type: 'record';
  readonly benchmark: string;
  readonly scale: ScaleName;
  readonly trial: PlannedTrial;
  /** Why the trial could not finish; null when all its stages did. */
  readonly failure: string | null;
  /** Keys of the stages that did finish, first step first. */
  readonly finished: readonly string[];
  /** By which code it was computed. */
  readonly code: TrialCode;
  readonly plugins?: RunProvenance['plugins'];
  readonly commit: string;
  readonly dirty: boolean;
}

export type Task = StageTask | RecordTask;

/** An error as it crosses the border between processes. */
export interface ErrorMessage {
  readonly message: string;
  readonly remedy?: string;
  /** Present for errors that are bugs. */
  readonly stack?: string;
}

export type TaskResult =
  /** Committed to disk. */
  | { readonly status: 'done'; readonly seconds: number }
  /** The trial cannot finish (NaN loss, layer collapse): a result. */
  | { readonly status: 'failed'; readonly reason: string }
  /** A stage that was believed finished is corrupt and was set aside. */
  | { readonly status: 'lost'; readonly key: string }
  /** Wrong input or a bug; trying again would end the same way. */
  | { readonly status: 'error'; readonly error: ErrorMessage }
  /** The whole run cannot go on: disk full, no permission. */
  | { readonly status: 'fatal'; readonly error: ErrorMessage }
  | { readonly status: 'aborted' };

/** Where the time of a task went. */
export interface TaskTime {
  readonly parts: readonly (readonly [Part, Spent])[];
  /** Processor time of the worker since its last task, or since it started. */
  readonly processorSeconds: number;
}

export type ToWorker =
  | { readonly type: 'configure'; readonly config: WorkerConfig }
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'abort' };

export type FromWorker =
  | { readonly type: 'ready'; readonly info: WorkerInfo }
  | { readonly type: 'unusable'; readonly error: ErrorMessage }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'notice'; readonly line: string }
  | { readonly type: 'result'; readonly result: TaskResult; readonly time?: TaskTime };
