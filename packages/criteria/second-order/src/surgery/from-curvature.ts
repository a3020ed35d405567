import type { CriterionDefinition, Masks, ParameterRecord, Scores, Subject } from '@prunebench/core';

/** The parts of a criterion whose scores and compensation are made of one curvature. */
interface Parts<Options, Curvature> {
  curvature(subject: Subject, options: Options): Promise<Curvature>;
  scores(curvature: Curvature, subject: Subject, options: Options): Promise<Scores> | Scores;
  /** The surviving parameters after `masks`, in the quadratic model of the subject's loss. */
  compensation(
    curvature: Curvature,
    subject: Subject,
    masks: Masks,
    options: Options,
  ): Promise<ParameterRecord> | ParameterRecord;
}

/** `score` and `compensate` that compute the curvature once where the same subject is scored and compensated. */
export function fromCurvature<Options, Curvature>({
  curvature,
  scores,
  compensation,
}: Parts<Options, Curvature>): Required<Pick<CriterionDefinition<Options>, 'score' | 'compensate'>> {
  return {
    async score(subject, options) {
      const found = await curvature(subject, options);
      return {
        scores: await scores(found, subject, options),
        compensate: (masks) => compensation(found, subject, masks, options),
      };
    },
    async compensate(subject, masks, options) {
      return compensation(await curvature(subject, options), subject, masks, options);
    },
  };
}
