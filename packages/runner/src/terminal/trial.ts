/** One trial in words and pictures of letters. */
import { describePoint, type Measured, pointOf, STEADY_SPREAD, type TrialRecord } from '@prunebench/core';
import type { TrainingCurve } from '@prunebench/report';
import { duration } from '../progress/format.ts';
import { bar, chart } from './chart.ts';
import { type Column, columns } from './columns.ts';

interface TrialContext {
  /** The command that computes the trial again. */
  readonly again: string;
  /** Characters in a line. */
  readonly width: number;
}

/** All lines about a trial: what it is, what it measured, its layers and its curve, how it was computed. */
export function describeTrial(
  record: TrialRecord,
  curve: TrainingCurve | null,
  { again, width }: TrialContext,
): readonly string[] {
  const { benchmark, scale, series, control, spec, measured } = record;
  const { network, dataset, seed } = spec;
  return [
    `${control ? 'control: ' : ''}${series}, ${network} on ${dataset}, ${describePoint(pointOf(spec))}, seed ${seed}`,
    ...facts([
      ['benchmark', `${benchmark}, scale ${scale}`],
      ['key', record.key],
      ['state', record.failure === null ? 'finished' : `failed: ${record.failure}`],
    ]),
    ...(measured === null ? [] : [...accuracies(measured), ...sizes(measured, record), ...layers(measured, width)]),
    ...curveLines(curve, again, width),
    ...protocol(record),
    ...provenance(record),
  ];
}

function facts(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return columns(
    [
      { head: '', text: ([name]: readonly [string, string]) => `  ${name}` },
      { head: '', text: ([, fact]) => fact },
    ],
    pairs,
  )
    .split('\n')
    .slice(1);
}

interface Evaluated {
  readonly when: string;
  readonly validation: { readonly accuracy: number };
  readonly test: { readonly accuracy: number; readonly loss: number };
}

function accuracies({ dense, pruned, final, bestValidation, earlyStop }: Measured): readonly string[] {
  const rows: Evaluated[] = [
    ...(dense ? [{ when: 'before pruning', ...dense }] : []),
    ...(pruned ? [{ when: 'after the last pruning', ...pruned }] : []),
    ...(final ? [{ when: 'at the end', ...final }] : []),
    ...(bestValidation ? [{ when: `best on validation (epoch ${bestValidation.epoch})`, ...bestValidation }] : []),
    ...(earlyStop ? [{ when: `lowest validation loss (step ${earlyStop.step})`, ...earlyStop }] : []),
  ];
  if (rows.length === 0) return ['', 'Nothing is trained or evaluated.'];
  const number = (head: string, text: (row: Evaluated) => string): Column<Evaluated> => ({
    head,
    align: 'right',
    text,
  });
  return [
    '',
    ...columns<Evaluated>(
      [
        { head: 'accuracy, %', text: ({ when }) => `  ${when}` },
        number('validation', ({ validation }) => validation.accuracy.toFixed(2)),
        number('test', ({ test }) => test.accuracy.toFixed(2)),
        number('test loss', ({ test }) => test.loss.toFixed(4)),
      ],
      rows,
    ).split('\n'),
  ];
}

function sizes(measured: Measured, { speed }: TrialRecord): readonly string[] {
  const { sparsity, effective, parameters, compressionRatio, multiplyAdds, theoreticalSpeedup, fileBytes } = measured;
  const percent = (share: number) => `${Number((100 * share).toFixed(4))} %`;
  const times = (ratio: number | null) => (ratio === null ? 'without limit' : `${ratio.toFixed(2)} times`);
  const asked = sparsity.requested === undefined ? '' : `asked ${percent(sparsity.requested)}, `;
  const onPath = effective ? `, ${percent(effective.sparsity)} without a path from input to output` : '';
  return [
    '',
    'Size and speed',
    ...facts([
      ['sparsity', `${asked}reached ${percent(sparsity.achieved)}${onPath}`],
      ['parameters', `${parameters.remaining} of ${parameters.total}: ${times(compressionRatio)} fewer`],
      ['multiply-adds', `${multiplyAdds.remaining} of ${multiplyAdds.dense}: ${times(theoreticalSpeedup)} fewer`],
      ...(fileBytes ? ([['file', `${fileBytes.sparse} bytes, dense ${fileBytes.dense}`]] as const) : []),
      ...(speed?.batches ?? []).map(
        ({ batchSize, speedup, speedupMin, speedupMax, speedupQ1 = speedupMin, speedupQ3 = speedupMax }) => {
          const disturbed = speedupQ3 > STEADY_SPREAD * speedupQ1 ? '; the rounds disagree' : '';
          const range = `${speedupQ1.toFixed(2)} to ${speedupQ3.toFixed(2)}`;
          return [
            `batch ${batchSize}`,
            `${speedup.toFixed(2)} times as fast as dense, measured (${range}${disturbed})`,
          ] as const;
        },
      ),
      ...Object.entries(measured.metrics ?? {}).map(([name, { value, unit }]) => [name, `${value} ${unit}`] as const),
    ]),
  ];
}

const BAR = 24;

function layers({ layers: all, collapsedLayers, effective }: Measured, width: number): readonly string[] {
  const note = (name: string) =>
    collapsedLayers.includes(name) ? 'empty' : effective?.cutLayers.includes(name) ? 'cut off' : '';
  type Layer = (typeof all)[number];
  return [
    '',
    ...columns<Layer>(
      [
        { head: 'weights left', text: ({ name }) => `  ${name}` },
        { head: '', text: ({ weights, remaining }) => bar(remaining / weights, Math.min(BAR, Math.floor(width / 4))) },
        { head: '%', align: 'right', text: ({ weights, remaining }) => ((100 * remaining) / weights).toFixed(2) },
        { head: 'left', align: 'right', text: ({ remaining }) => String(remaining) },
        { head: 'of', align: 'right', text: ({ weights }) => String(weights) },
        { head: '', text: ({ name }) => note(name) },
      ],
      all,
    ).split('\n'),
  ];
}

const CHART = { width: 64, height: 8 };
/** Beside a chart: numbers, frame. */
const MARGIN = 12;

function curveLines(curve: TrainingCurve | null, again: string, width: number): readonly string[] {
  if (curve === null)
    return [
      '',
      'Its training curve is not in this results folder. This computes the trial again, with it:',
      `  ${again}`,
    ];
  const { points, prunedAt } = curve;
  if (points.length === 0) return [];
  const size = { ...CHART, width: Math.max(16, Math.min(CHART.width, width - MARGIN)) };
  const label = 'epochs';
  const at = prunedAt.map((epoch) => Number(epoch.toPrecision(4)));
  const few = at.length <= 12 ? ` (after epochs ${at.join(', ')})` : '';
  const cut = at.length === 0 ? [] : [`Weights were removed ${at.length === 1 ? 'once' : `${at.length} times`}${few}.`];
  const accuracy = points.map(({ epoch, validation }) => ({ x: epoch, y: validation.accuracy }));
  const loss = points.map(({ epoch, trainLoss }) => ({ x: epoch, y: trainLoss }));
  return [
    ...['', 'Validation accuracy, %', ...chart(accuracy, size, { decimals: 2, label })],
    ...['', 'Training loss', ...chart(loss, size, { decimals: 4, label }), ...cut],
  ];
}

function protocol({ spec, run, measured }: TrialRecord): readonly string[] {
  const steps = run.stages.map(({ kind, seconds }) => `${kind} ${duration(seconds)}`);
  return [
    '',
    'Protocol',
    ...facts([
      ['method', `${spec.method} ${inWords(spec.options)}`.trimEnd()],
      ['before', spec.pretrain ? inWords({ ...spec.pretrain }) : 'no training before pruning'],
      ['after', spec.retrain ? inWords({ ...spec.retrain }) : 'no training after pruning'],
      ['steps', inShort(steps)],
      ...(measured ? ([['examples', `${measured.trainedExamples} trained on`]] as const) : []),
    ]),
  ];
}

/** Steps of a long iterative method are named at both ends. */
const STEPS_SHOWN = 8;

function inShort(steps: readonly string[]): string {
  if (steps.length <= STEPS_SHOWN) return steps.join(', ');
  const half = STEPS_SHOWN / 2;
  return [...steps.slice(0, half), `... ${steps.length - STEPS_SHOWN} more ...`, ...steps.slice(-half)].join(', ');
}

/** "epochs 30, optimizer {kind sgd, momentum 0.9}": options without the marks of JSON. */
function inWords(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${valueInWords(value)}`)
    .join(', ');
}

function valueInWords(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueInWords).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${inWords({ ...value })}}`;
  return String(value);
}

function provenance({ run, code, speed }: TrialRecord): readonly string[] {
  const { commit, dirty, backend, threads, versions, host, finishedAt, computeSeconds, datasetChecksum } = run;
  return [
    '',
    'Provenance',
    ...facts([
      ['commit', `${commit}${dirty ? ', and the working tree differed from it' : ''}`],
      ['backend', `${backend}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`],
      ['machine', `${host.cpu}, ${host.cores} cores, ${host.platform}`],
      ['versions', inWords(versions)],
      ['finished', `${finishedAt}, after ${duration(computeSeconds)} of computing`],
      ['data', datasetChecksum],
      ...(code?.entries ?? []).map(
        ({ name, file, digest }) => ['code', `${name} (${file}, ${digest.slice(0, 8)})`] as const,
      ),
      ...(run.plugins ?? []).map(({ file, digest }) => ['plugin', `${file}, ${digest.slice(0, 8)}`] as const),
      ...(speed ? ([['timed', `${speed.measuredAt} on ${speed.host.cpu}`]] as const) : []),
    ]),
  ];
}
