import type { Network } from '@prunebench/core';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';
import { squaredError } from './squared-error.ts';

/** What training this network minimises: the only place that knows which loss a name means. */
export function lossOf({ loss = 'cross-entropy' }: Network): Loss {
  switch (loss) {
    case 'cross-entropy':
      return crossEntropy;
    case 'squared-error':
      return squaredError;
  }
}
