// Runs the bundled specs on one backend: node execute.ts <bundle> <result file>. CONFORMANCE_BACKEND names the backend.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import jasmineCore from 'jasmine-core';
import type { Outcome } from './compare.ts';

const [bundle, resultFile] = process.argv.slice(2) as [string, string];
const environment = jasmineCore.boot(true).getEnv();
// Some specs depend on those before them.
environment.configure({ random: false });

const outcomes: Outcome[] = [];
environment.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    outcomes.push({ name: fullName, status, failures: failedExpectations.map(({ message }) => message) });
  },
  suiteDone({ fullName, failedExpectations }) {
    if (failedExpectations.length === 0) return;
    const failures = failedExpectations.map(({ message }) => message);
    outcomes.push({ name: `${fullName}: set-up or clean-up`, status: 'failed', failures });
  },
});
await import(pathToFileURL(bundle).href);
await environment.execute();
writeFileSync(resultFile, JSON.stringify(outcomes));
// Specs leave timers behind.
process.exit(0);
