import test from 'ava';
import type { PlannedTrial, RunPlan, Stage } from '../src/plan/plan.ts';
import { type Executor, FatalError, type Observer, schedule, WorkerCrash } from '../src/schedule/scheduler.ts';
import type { RecordTask, Task, TaskResult } from '../src/worker/protocol.ts';

/** A plan from trials written as paths of stage keys: { t1: 'a b c', t2: 'a b d' }. */
function planOf(paths: Readonly<Record<string, string>>): RunPlan {
  const stages = new Map<string, Stage>();
  const trials = Object.entries(paths).map(([name, path]) => {
    const keys = path.split(' ');
    for (const [i, key] of keys.entries()) {
      const ancestors = keys.slice(0, i);
      const steps = [...ancestors, key].map((kind) => ({ kind, options: {} }));
      const parent = ancestors.at(-1) ?? null;
      stages.set(key, { key, parent, ancestors, steps, dataset: 'd', network: 'n', seed: 0, evaluate: false });
    }
    const spec = {
      dataset: 'd',
      network: 'n',
      method: 'm',
      options: {},
      sparsity: 0.5,
      pretrain: null,
      retrain: null,
      seed: 0,
    };
    const points = { dense: null, pruned: null, final: null };
    return { key: name, name, series: name, control: false, spec, stages: keys, points } satisfies PlannedTrial;
  });
  return { trials, stages };
}

const nameOf = (task: Task) => (task.type === 'stage' ? task.stage.key : `record ${task.trial.name}`);
const done: TaskResult = { status: 'done', seconds: 1 };

interface Setting {
  readonly workers?: number;
  readonly finished?: readonly string[];
  readonly signal?: AbortSignal;
  /** What becomes of a task; by default it is done. */
  readonly results?: (name: string, attempt: number, task: Task) => TaskResult | Promise<TaskResult>;
}

async function run(
  paths: Readonly<Record<string, string>>,
  { workers = 1, finished = [], signal, results }: Setting = {},
) {
  const started: string[] = [];
  const parallel: string[][] = [];
  const running = new Set<string>();
  const retried: string[] = [];
  const executor: Executor = {
    size: workers,
    async execute(_slot, task) {
      const name = nameOf(task);
      started.push(name);
      running.add(name);
      parallel.push([...running]);
      await new Promise(setImmediate);
      running.delete(name);
      return results?.(name, started.filter((other) => other === name).length, task) ?? done;
    },
  };
  const observer: Observer = {
    taskStarted() {},
    taskProgress() {},
    taskEnded() {},
    retried: (task) => retried.push(nameOf(task)),
    trialEnded() {},
  };
  const recordTask = (trial: PlannedTrial, failure: string | null, stages: readonly string[]): RecordTask => ({
    type: 'record',
    benchmark: 'b',
    scale: 'smoke',
    trial,
    failure,
    finished: stages,
    code: { entries: [], network: '', engine: {} },
    commit: '',
    dirty: false,
  });
  const outcomes = await schedule({
    plan: planOf(paths),
    finished: new Set(finished),
    executor,
    observer,
    signal: signal ?? new AbortController().signal,
    recordTask,
  });
  return {
    started,
    parallel,
    retried,
    outcomes: Object.fromEntries([...outcomes].map(([name, { status }]) => [name, status])),
  };
}

const crash = () => Promise.reject(new WorkerCrash('killed by SIGKILL'));

test('a shared stage runs once and trials finish one after the other', async (t) => {
  const { started, outcomes } = await run({ t1: 'a b c', t2: 'a b d' });
  t.deepEqual(started, ['a', 'b', 'c', 'record t1', 'd', 'record t2']);
  t.deepEqual(outcomes, { t1: 'finished', t2: 'finished' });
});

test('two workers never run a stage before its parent, nor twice', async (t) => {
  const { started, parallel } = await run({ t1: 'a b', t2: 'a c', t3: 'x y' }, { workers: 2 });
  t.is(new Set(started).size, started.length);
  for (const [child, parent] of [
    ['b', 'a'],
    ['c', 'a'],
    ['y', 'x'],
  ])
    t.true(started.indexOf(parent) < started.indexOf(child));
  t.false(parallel.some((names) => names.includes('a') && (names.includes('b') || names.includes('c'))));
  t.true(parallel.some((names) => names.length === 2));
});

test('finished stages are skipped, also when one before them is missing', async (t) => {
  const { started } = await run({ t1: 'a b c' }, { finished: ['a', 'c'] });
  t.deepEqual(started, ['b', 'record t1']);
});

test('a stage whose worker died is tried once more', async (t) => {
  const { started, retried, outcomes } = await run(
    { t1: 'a b', t2: 'c' },
    { results: (name, attempt) => (name === 'b' && attempt === 1 ? crash() : done) },
  );
  t.deepEqual(retried, ['b']);
  t.is(started.filter((name) => name === 'b').length, 2);
  t.deepEqual(outcomes, { t1: 'finished', t2: 'finished' });
});

test('a stage that kills its worker twice ends the trials that need it, and no others', async (t) => {
  const { started, outcomes } = await run(
    { t1: 'a b', t2: 'a b c', t3: 'a d' },
    { results: (name) => (name === 'b' ? crash() : done) },
  );
  t.deepEqual(outcomes, { t1: 'error', t2: 'error', t3: 'finished' });
  t.is(started.filter((name) => name === 'b').length, 2);
  t.false(started.includes('c'));
});

test('a stage that cannot finish gives every trial that needs it a record with the reason', async (t) => {
  const records: [string, string | null, readonly string[]][] = [];
  const { outcomes } = await run(
    { t1: 'a b c', t2: 'a b d', t3: 'a e' },
    {
      results(name, _attempt, task) {
        if (task.type === 'record') records.push([task.trial.name, task.failure, task.finished]);
        return name === 'b' ? { status: 'failed', reason: 'NaN' } : done;
      },
    },
  );
  t.deepEqual(outcomes, { t1: 'failed', t2: 'failed', t3: 'finished' });
  t.deepEqual(records, [
    ['t1', 'NaN', ['a']],
    ['t2', 'NaN', ['a']],
    ['t3', null, ['a', 'e']],
  ]);
});

test('a trial whose numbers no record can hold is recorded once more, with the reason', async (t) => {
  const records: [string, string | null, readonly string[]][] = [];
  const { outcomes } = await run(
    { t1: 'a b', t2: 'a c' },
    {
      results(_name, _attempt, task) {
        if (task.type !== 'record') return done;
        records.push([task.trial.name, task.failure, task.finished]);
        return task.failure === null && task.trial.name === 't1' ? { status: 'failed', reason: 'NaN' } : done;
      },
    },
  );
  t.deepEqual(outcomes, { t1: 'failed', t2: 'finished' });
  t.deepEqual(records, [
    ['t1', null, ['a', 'b']],
    ['t1', 'NaN', ['a', 'b']],
    ['t2', null, ['a', 'c']],
  ]);
});

test('a record that fails with its reason too ends the trial', async (t) => {
  const { started, outcomes } = await run(
    { t1: 'a' },
    { results: (name) => (name === 'a' ? done : { status: 'failed', reason: 'NaN' }) },
  );
  t.deepEqual(outcomes, { t1: 'error' });
  t.deepEqual(started, ['a', 'record t1', 'record t1']);
});

test('a wrong input ends its trials without a second try', async (t) => {
  const { started, outcomes } = await run(
    { t1: 'a b', t2: 'c' },
    { results: (name) => (name === 'a' ? { status: 'error', error: { message: 'no' } } : done) },
  );
  t.deepEqual(started, ['a', 'c', 'record t2']);
  t.deepEqual(outcomes, { t1: 'error', t2: 'finished' });
});

test('a stage that turns out corrupt is computed again', async (t) => {
  const { started, outcomes } = await run(
    { t1: 'a b' },
    {
      finished: ['a'],
      results: (name, attempt) => (name === 'b' && attempt === 1 ? { status: 'lost', key: 'a' } : done),
    },
  );
  t.deepEqual(started, ['b', 'a', 'b', 'record t1']);
  t.deepEqual(outcomes, { t1: 'finished' });
});

test('a stage that two workers find corrupt at once is lost once', async (t) => {
  const { outcomes } = await run(
    { t1: 'a b', t2: 'a c' },
    {
      workers: 2,
      finished: ['a'],
      results: (name, attempt) => ('bc'.includes(name) && attempt === 1 ? { status: 'lost', key: 'a' } : done),
    },
  );
  t.deepEqual(outcomes, { t1: 'finished', t2: 'finished' });
});

test('a stage that is corrupt again and again does not keep the run busy for ever', async (t) => {
  const { outcomes } = await run(
    { t1: 'a b' },
    { results: (name) => (name === 'b' ? { status: 'lost', key: 'a' } : done) },
  );
  t.deepEqual(outcomes, { t1: 'error' });
});

test('a full disk ends the run with its message', async (t) => {
  const error = await t.throwsAsync(
    run({ t1: 'a', t2: 'b' }, { results: () => ({ status: 'fatal', error: { message: 'The disk is full.' } }) }),
    { instanceOf: FatalError },
  );
  t.is(error.message, 'The disk is full.');
});

test('after an abort nothing new starts', async (t) => {
  const controller = new AbortController();
  const { started, outcomes } = await run(
    { t1: 'a b', t2: 'c' },
    {
      signal: controller.signal,
      results(name) {
        if (name === 'b') controller.abort();
        return name === 'b' ? { status: 'aborted' } : done;
      },
    },
  );
  t.deepEqual(started, ['a', 'b']);
  t.deepEqual(outcomes, {});
});
