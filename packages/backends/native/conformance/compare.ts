// Puts the outcomes of the same specs on two backends side by side.
export interface Outcome {
  name: string;
  status: 'passed' | 'failed' | 'pending' | 'excluded';
  failures: string[];
}

export interface Comparison {
  /** Specs run, by backend. */
  run: { native: number; cpu: number };
  passed: { native: number; cpu: number };
  /** Failing on native, passing on cpu: faults of the native backend. */
  faults: Outcome[];
  /** Failing on both. */
  shared: Outcome[];
  /** Failing on cpu only. */
  better: Outcome[];
  /** Switched off in the specs' source. */
  pending: string[];
  /** Declared for one backend only. */
  cpuOnly: string[];
  nativeOnly: string[];
}

/** Outcomes by a name without the backend; specs of one name are told apart by their order. */
function byName(outcomes: readonly Outcome[], backend: string): Map<string, Outcome> {
  const named = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const plain = outcome.name.replaceAll(` ${backend} {}`, '');
    let name = plain;
    for (let i = 2; named.has(name); i++) name = `${plain} (${i})`;
    named.set(name, { ...outcome, name });
  }
  return named;
}

export function compare(nativeOutcomes: readonly Outcome[], cpuOutcomes: readonly Outcome[]): Comparison {
  const native = byName(nativeOutcomes, 'native');
  const cpu = byName(cpuOutcomes, 'cpu');
  const count = (outcomes: Map<string, Outcome>, ...statuses: Outcome['status'][]) =>
    [...outcomes.values()].filter(({ status }) => statuses.includes(status)).length;
  const failed = (name: string, outcomes: Map<string, Outcome>) => outcomes.get(name)?.status === 'failed';
  const failures = [...native.values()].filter(({ status }) => status === 'failed');
  return {
    run: { native: count(native, 'passed', 'failed'), cpu: count(cpu, 'passed', 'failed') },
    passed: { native: count(native, 'passed'), cpu: count(cpu, 'passed') },
    faults: failures.filter(({ name }) => !failed(name, cpu)),
    shared: failures.filter(({ name }) => failed(name, cpu)),
    better: [...cpu.values()].filter(({ name, status }) => status === 'failed' && !failed(name, native)),
    pending: [...native.values()].filter(({ status }) => status === 'pending').map(({ name }) => name),
    cpuOnly: [...cpu.keys()].filter((name) => !native.has(name)),
    nativeOnly: [...native.keys()].filter((name) => !cpu.has(name)),
  };
}
