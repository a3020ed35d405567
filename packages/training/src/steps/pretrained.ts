import { defineStepKind, PrunebenchError, parameterSpecs } from '@prunebench/core';
import { z } from 'zod';

const options = z.strictObject({
  checksum: z.string().min(1).describe('digest of the parameters, so that other ones are another state'),
});

/**
 * Parameters that come with the network, trained elsewhere, in the place of a training: the runner puts this step before those of the
 * method. What is evaluated behind it is the dense network.
 */
export const pretrainedStep = defineStepKind({
  kind: 'pretrained',
  options,
  prunes: false,
  trains: true,
  loadsPretrained: true,
  async run(session) {
    const parameters = session.initialParameters();
    for (const { name, shape } of parameterSpecs(session.network)) {
      const found = Object.hasOwn(parameters, name) ? parameters[name].shape : undefined;
      if (String(found) === String(shape)) continue;
      throw new PrunebenchError(
        `Network ${session.network.name}: its pretrained parameter ${name} ${found ? `has the shape [${found}]` : 'is missing'}, the network needs [${shape}].`,
        {
          remedy:
            "Correct the network's `pretrained`: its load gives every parameter of the network that its build makes.",
        },
      );
    }
    return { state: { parameters, masks: {} }, metrics: {} };
  },
});
