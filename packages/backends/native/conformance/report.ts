// The conformance report as Markdown. It holds nothing that depends on the machine, so that a rerun changes nothing.
import { readFileSync } from 'node:fs';
import type { Comparison, Outcome } from './compare.ts';

export interface UndeclaredSuite {
  name: string;
  /** The name that tfjs-core gives the environment that the suite needs. */
  needs: string;
}

/** Suites that declare no specs in Node.js, whatever the backend: they need a browser. */
export function undeclaredSuites(specFiles: readonly string[]): UndeclaredSuite[] {
  const declaration = /describeWithFlags\((['"`])(.*?)\1, (BROWSER_ENVS|CHROME_ENVS)/g;
  return specFiles.flatMap((file) => {
    // The source map at the end repeats the source.
    const [source] = readFileSync(file, 'utf8').split('//# sourceMappingURL');
    return [...source!.matchAll(declaration)].map((match) => ({ name: match[2]!, needs: match[3]! }));
  });
}

const bullets = (lines: readonly string[]): string =>
  lines.length === 0 ? 'None.' : lines.map((line) => `- ${line}`).join('\n');

const outcomes = (list: readonly Outcome[]): string =>
  bullets(list.map(({ name, failures }) => `${name}: ${failures[0]?.split('\n')[0]?.slice(0, 200) ?? 'failed'}`));

export function report(comparison: Comparison, undeclared: readonly UndeclaredSuite[], version: string): string {
  const { run, passed } = comparison;
  const environments = { BROWSER_ENVS: 'a browser', CHROME_ENVS: 'Chrome' } as Record<string, string>;
  return `# Conformance of the native backend

Written by \`pnpm --filter @prunebench/backend-native conformance\`; do not edit.

The specs are those that ship in the npm package @tensorflow/tfjs-core ${version}: every \`dist/**/*_test.js\` that its
\`dist/tests.js\` lists, run by jasmine in Node.js with all gradients and chained ops registered, once on the native backend
and once on the stock cpu backend.

| backend    | specs run | passed | failed |
| ---------- | --------- | ------ | ------ |
| native     | ${String(run.native).padEnd(9)} | ${String(passed.native).padEnd(6)} | ${String(run.native - passed.native).padEnd(6)} |
| stock cpu  | ${String(run.cpu).padEnd(9)} | ${String(passed.cpu).padEnd(6)} | ${String(run.cpu - passed.cpu).padEnd(6)} |

## Failing on native, passing on the stock cpu backend

These would be faults of the native backend, and the command fails when there is one.

${outcomes(comparison.faults)}

## Failing on both

${outcomes(comparison.shared)}

## Failing on the stock cpu backend alone

${outcomes(comparison.better)}

## Not run on either: switched off in the specs themselves (\`xit\`, \`xdescribe\`, \`pending\`)

${bullets(comparison.pending)}

## Declared for one backend only

On the stock cpu backend, because the suite asks for the name 'cpu':

${bullets(comparison.cpuOnly)}

On native:

${bullets(comparison.nativeOnly)}

## Suites that declare nothing in Node.js, on any backend

tfjs declares them in a browser only: nearly all test the DOM, canvas, local storage, IndexedDB, downloads or \`fetch\`.

${bullets(undeclared.map(({ name, needs }) => `${name} (needs ${environments[needs]})`))}
`;
}
