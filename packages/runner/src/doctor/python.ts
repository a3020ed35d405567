import { PEER_REMEDY, pythonVersions } from '@prunebench/speed';
import type { Finding } from './check.ts';

/**
 * Whether the Python that `speed` compares with has PyTorch and SciPy: nothing else needs it, so that its absence is no failure.
 *
 * @param python the interpreter; by default the one that `speed` would start
 */
export async function checkPyTorch(python?: string): Promise<Finding> {
  const subject = 'PyTorch';
  const found = await pythonVersions(python);
  const warn = (detail: string, remedy = PEER_REMEDY): Finding => ({
    status: 'warn',
    subject,
    detail: `${detail}; ./prunebench speed measures alone, everything else works`,
    remedy,
  });
  if ('missing' in found) return warn(`${found.python} does not run: ${found.missing}`);
  const { python: version, torch, scipy } = found.versions;
  const where = `${found.python} (Python ${version})`;
  if (torch === undefined) return warn(`${where} has no PyTorch`);
  if (scipy === undefined)
    return {
      status: 'warn',
      subject,
      detail: `${where} has PyTorch ${torch}, but no SciPy, which speed --sparse compares with as well`,
      remedy: `Install it there: apt-get install python3-scipy, or ${found.python} -m pip install scipy.`,
    };
  return { status: 'ok', subject, detail: `${where} has PyTorch ${torch} and SciPy ${scipy}, for ./prunebench speed` };
}
