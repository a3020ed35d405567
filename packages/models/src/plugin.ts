import type { Plugin } from '@prunebench/core';
import { findNetwork, models } from './build-model.ts';

/** Every architecture at its full width. */
export default { networks: models.map(({ id }) => findNetwork(id)) } satisfies Plugin;
