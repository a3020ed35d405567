/** Writes the report of the tiny benchmark into the folder that it is told, and says how that ended. */
import { loadRecords } from '@prunebench/records';
import { writeReport } from '../src/index.ts';
import { tiny } from './tiny-benchmark.ts';

const [resultsDir] = process.argv.slice(2);
const { records } = await loadRecords(resultsDir!);
try {
  await writeReport({ benchmark: { ...tiny, published: [] }, published: [] }, { resultsDir: resultsDir!, records });
  console.log('written');
} catch (error) {
  console.log((error as Error).name, (error as Error).message);
}
