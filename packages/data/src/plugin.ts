import type { Plugin } from '@prunebench/core';
import { datasets } from './load-dataset.ts';

export default { datasets } satisfies Plugin;
