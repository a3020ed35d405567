import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@prunebench/core';
import { interpreter } from './peer.ts';

/** What a Python has of what `speed` compares with; a package that cannot be imported is undefined. */
export interface PythonVersions {
  readonly python: string;
  readonly torch: string | undefined;
  readonly scipy: string | undefined;
}

/** Prints "name version" of each that is there. */
const PROGRAM = `
import platform
print("python", platform.python_version())
for name in ("torch", "scipy"):
    try:
        print(name, __import__(name).__version__)
    except Exception:
        pass
`;
/** A PyTorch that is imported for the first time reads hundreds of megabytes. */
const TIMEOUT_MS = 120_000;

/** The Python that the peers run on, and its versions; or why it does not run. */
export async function pythonVersions(
  python: string = interpreter,
): Promise<{ readonly python: string } & ({ readonly versions: PythonVersions } | { readonly missing: string })> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', PROGRAM], { timeout: TIMEOUT_MS });
    const of = (name: string) => new RegExp(`^${name} (.+)$`, 'm').exec(stdout)?.[1];
    const version = of('python');
    if (version === undefined) return { python, missing: 'it is no Python' };
    return { python, versions: { python: version, torch: of('torch'), scipy: of('scipy') } };
  } catch (error) {
    return { python, missing: messageOf(error).trim().split('\n').at(-1)! };
  }
}
