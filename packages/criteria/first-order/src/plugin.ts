import type { Plugin } from '@prunebench/core';
import * as criteria from './criteria.ts';

export default { criteria: Object.values(criteria) } satisfies Plugin;
