import type { Snapshot } from './tracker.ts';

/** What one worker is doing, as it is said: here, or in a file that a run has left. */
interface SaidActivity {
  readonly task: string;
  readonly progress: {
    readonly fraction: number;
    readonly loss?: number | undefined;
    readonly examplesPerSecond?: number | undefined;
  };
}

/** "2 h 05 min", "3 min 20 s", "12 s" */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** "train (step 1) of ...  42 %, loss 0.123, 5400 images/s" */
export function describeActivity({ task, progress }: SaidActivity): string {
  const parts = [`${Math.floor(progress.fraction * 100)} %`];
  if (progress.loss !== undefined) parts.push(`loss ${progress.loss.toFixed(3)}`);
  if (progress.examplesPerSecond !== undefined) parts.push(`${Math.round(progress.examplesPerSecond)} images/s`);
  return `${task}: ${parts.join(', ')}`;
}

/** The whole run in one line. */
export function describeSnapshot({ trials, activities, secondsLeft }: Snapshot): string {
  const failed = trials.failed > 0 ? ` (${trials.failed} failed)` : '';
  const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
  const busy = activities.filter((activity) => activity !== undefined).map(describeActivity);
  return `${trials.done}/${trials.total} trials${failed}${left}${busy.length > 0 ? `; ${busy.join('; ')}` : ''}`;
}
