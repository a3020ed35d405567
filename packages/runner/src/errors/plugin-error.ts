import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrunebenchError, type Step } from '@prunebench/core';

/** With this variable set, errors keep their stack, also where whoever wrote a plugin is told what to mend. */
const debugging = () => process.env.PRUNEBENCH_DEBUG !== undefined && process.env.PRUNEBENCH_DEBUG !== '';

/**
 * What a plugin's code threw while a step was taken, as an error of that plugin; undefined for what no plugin had a part in.
 *
 * @param plugins absolute paths of the plugins' main modules, whose folders their other modules lie in
 */
export function pluginError(
  error: unknown,
  plugins: readonly string[],
  step: Step | undefined,
): PrunebenchError | undefined {
  if (!(error instanceof Error) || error instanceof PrunebenchError || debugging()) return undefined;
  for (const frame of (error.stack ?? '').split('\n')) {
    const place = /(file:\/\/\/[^\s)]+?|\/[^\s():]+):(\d+):\d+/.exec(frame);
    if (!place) continue;
    const file = place[1].startsWith('file:') ? fileURLToPath(place[1]) : place[1];
    const plugin = plugins.find((each) => file === each || file.startsWith(`${dirname(each)}/`));
    if (plugin === undefined || file.includes('/node_modules/')) continue;
    const criterion = step?.options.criterion;
    const what = typeof criterion === 'string' ? `Criterion ${criterion}` : `Step ${step?.kind ?? ''}`;
    const other = file === plugin ? '' : `, ${file}`;
    return new PrunebenchError(
      `${what} of the plugin ${plugin} threw "${error.message}" (${basename(file)}, line ${place[2]}${other}).`,
      { remedy: 'Mend it there. PRUNEBENCH_DEBUG=1 before the command shows the whole stack.', cause: error },
    );
  }
  return undefined;
}
