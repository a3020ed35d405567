import type { Notice } from '@prunebench/files';
import type { PlannedTrial, RunPlan } from '../plan/plan.ts';
import type { Observer } from '../schedule/scheduler.ts';
import type { StageStore } from './stage-store.ts';

/**
 * Tables that train nothing have states that nobody starts from again: hundreds of them, as large as their networks,
 * and quickly computed. Each goes once the last trial that needs it has its record.
 *
 * @returns an observer that does this, after it has told `observer`
 */
export function removingUntrained(observer: Observer, plan: RunPlan, store: StageStore, notice: Notice): Observer {
  const remove = (key: string) =>
    store.remove(key).catch((error: Error) => notice(`Stage ${key} stays: ${error.message}`));
  const users = new Map<string, Set<PlannedTrial>>();
  for (const trial of plan.trials)
    for (const key of trial.stages) users.set(key, (users.get(key) ?? new Set()).add(trial));
  return {
    taskStarted: (slot, task) => observer.taskStarted(slot, task),
    taskProgress: (slot, progress) => observer.taskProgress(slot, progress),
    taskEnded: (slot, task, result) => observer.taskEnded(slot, task, result),
    retried: (task, reason) => observer.retried(task, reason),
    trialEnded(trial, outcome) {
      observer.trialEnded(trial, outcome);
      if (outcome.status === 'error' || trial.points.final !== null) return;
      for (const key of trial.stages) {
        const left = users.get(key)!;
        left.delete(trial);
        if (left.size === 0) void remove(key);
      }
    },
  };
}
