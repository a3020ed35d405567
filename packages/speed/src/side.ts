import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { PrunebenchError } from '@prunebench/core';
import type { PeerRequest, SparseAnswers } from './sparse-protocol.ts';
import type { TrainingAnswers, TrainingRequest } from './trainings/protocol.ts';

export type Mode = 'train' | 'eval';
/** Memory layout of images. */
export type Layout = 'nchw' | 'channels_last';

export interface StepsRequest {
  readonly job: 'steps';
  readonly network: string;
  readonly mode: Mode;
  /** Only PyTorch has a choice. */
  readonly layout: Layout;
  readonly steps: number;
}

/** The job a user waits for: LeNet-300-100 on MNIST, evaluated after each epoch. */
export interface MnistRequest {
  readonly job: 'mnist';
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly trainImages: number;
  readonly files: Readonly<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', string>>;
}

export interface GemmRequest {
  readonly job: 'gemm';
  readonly size: number;
  readonly repeats: number;
}

export interface Answers extends TrainingAnswers, SparseAnswers {
  steps: { seconds: number[]; residentMiB: number };
  mnist: { seconds: number; accuracy: number; residentMiB: number };
  gemm: { gflops: number; residentMiB: number };
}

/** One of the two that are compared: a process that answers each JSON line with one JSON line. */
export class Side {
  readonly name: string;
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** The end of what it wrote on standard error. */
  readonly #errors: () => string;

  private constructor(
    name: string,
    version: string,
    child: ChildProcess,
    lines: AsyncIterator<string>,
    errors: () => string,
  ) {
    this.name = name;
    this.version = version;
    this.#child = child;
    this.#lines = lines;
    this.#errors = errors;
  }

  /**
   * Starts a side with its threads pinned in every way that its libraries look at.
   *
   * @param environment variables to set for it, or to take away from what it would inherit (undefined)
   * @throws PrunebenchError when it does not come up; the message ends with what it printed
   */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    threads: number,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Side> {
    const env = {
      ...process.env,
      ...environment,
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      PRUNEBENCH_THREADS: `${threads}`,
    };
    const child = spawn(command, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr!.on('data', (text) => {
      errors = (errors + text).slice(-2000);
    });
    const reader: Interface = createInterface({ input: child.stdout! });
    const lines = reader[Symbol.asyncIterator]();
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    // What it says on standard error may come after the end of its standard output.
    // (Not once(), which would also reject, unheard, when the program does not start.)
    const closed = new Promise((resolve) => child.once('close', resolve));
    const firstLine = lines.next().then(async (line) => {
      if (line.done) await closed;
      return line;
    });
    const first = await Promise.race([firstLine, failed]).catch((error) => ({
      done: true as const,
      value: String(error),
    }));
    if (first.done)
      throw new PrunebenchError(`${name} did not start: ${errors || first.value || 'it ended without a word'}`);
    return new Side(name, JSON.parse(first.value).version, child, lines, () => errors);
  }

  async ask<Job extends keyof Answers>(
    request: { job: Job } & (
      | StepsRequest
      | MnistRequest
      | GemmRequest
      | TrainingRequest
      | (PeerRequest & { readonly repeats: number })
    ),
  ): Promise<Answers[Job]> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { done, value } = await this.#lines.next();
    if (done)
      throw new PrunebenchError(
        `${this.name} died while it worked on ${JSON.stringify(request).slice(0, 200)}: ${this.#errors()}`,
      );
    return JSON.parse(value);
  }

  stop(): void {
    this.#child.kill();
  }
}
