import { isObject, type NamedEntries, type Normalised, withoutDefaults } from '@prunebench/core';

/** Of a step whose `criterion` names one: the defaults among its `criterionOptions` are left out, and its revision counts. */
export function normaliseCriterion(
  options: Readonly<Record<string, unknown>>,
  { criteria }: Pick<NamedEntries, 'criteria'>,
): Normalised {
  const { criterionOptions, ...others } = options;
  const criterion = criteria.get(String(options.criterion));
  const chosen =
    criterion && criterionOptions !== undefined
      ? withoutDefaults(criterion.options, criterionOptions)
      : criterionOptions;
  const none = chosen === undefined || (isObject(chosen) && Object.keys(chosen).length === 0);
  return {
    options: none ? others : { ...others, criterionOptions: chosen },
    ...(criterion?.revision === undefined ? {} : { revision: criterion.revision }),
  };
}
