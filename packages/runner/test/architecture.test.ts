/** Which units are left, from a run into its record and table. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from './fixtures/cli.ts';

test.serial(
  'units that go are gone from the architecture, and where weights do it says which units are left',
  async (t) => {
    await using box = await sandbox();
    await box.run('units', '--seeds', '1');
    const [{ measured }] = [...(await box.records('units')).values()];
    const half = { total: 12, remaining: 6 };
    t.deepEqual(measured!.architecture, [
      { name: 'fc1/kernel', kind: 'dense', inputs: { total: 16, remaining: 16 }, units: half },
      { name: 'fc2/kernel', kind: 'dense', inputs: half, units: { total: 4, remaining: 4 } },
    ]);
    const table = await readFile(join(box.results, 'units', 'table-smoke.csv'), 'utf8');
    t.regex(table, /,architecture_mean_units,/);
    t.regex(table, /,16 6,/);

    const extended = await box.run('extended', '--seeds', '1', '--filter', 'series=sparse VD');
    t.is(extended.exitCode, 0, extended.all);
    const [sparse] = [...(await box.records('extended')).values()];
    const [first, second] = sparse.measured!.architecture!;
    const [into, out] = sparse.measured!.layers;
    t.is(second.units.total, 4);
    t.is(second.inputs.remaining, first.units.remaining, 'nothing stands between the two layers');
    // No more units than weights that feed them, and no more weights than two full layers of what is left.
    t.true(first.units.remaining <= into.remaining && second.units.remaining <= out.remaining);
    const paths = sparse.measured!.effective!.remaining;
    t.true(paths <= first.inputs.remaining * first.units.remaining + second.inputs.remaining * second.units.remaining);
    t.true(paths >= first.units.remaining + Math.max(second.inputs.remaining, second.units.remaining));
  },
);
