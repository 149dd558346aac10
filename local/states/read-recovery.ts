/** Reads Retry and Catch. */

import { knownStatesErrors } from './fault.ts';
import type { Fields } from './fields.ts';
import type { Catcher, Retrier } from './machine.ts';
import { type Around, optional, readResult, secondsMax } from './read-parts.ts';

const delaySecondsMax = 31_622_400;

export function readRecovery(fields: Fields, around: Around): { retry: readonly Retrier[]; catch: readonly Catcher[] } {
  const retriers = fields.objects('Retry');
  const catchers = fields.objects('Catch');
  const retry = retriers.map((retrier, i) => readRetrier(retrier, i === retriers.length - 1));
  return { retry, catch: catchers.map((catcher, i) => readCatcher(catcher, i === catchers.length - 1, around)) };
}

function readRetrier(fields: Fields, last: boolean): Retrier {
  const seconds = { min: 1, max: secondsMax, whole: true };
  const retrier = {
    errorEquals: readErrorEquals(fields, last),
    intervalSeconds: fields.number('IntervalSeconds', seconds) ?? 1,
    attemptsMax: fields.number('MaxAttempts', { ...seconds, min: 0 }) ?? 3,
    backoffRate: fields.number('BackoffRate', { ...seconds, whole: false }) ?? 2,
    delayMaxSeconds: fields.number('MaxDelaySeconds', { ...seconds, max: delaySecondsMax }) ?? delaySecondsMax,
    jitter: fields.oneOf('JitterStrategy', ['NONE', 'FULL']) ?? 'NONE',
  };
  if (retrier.delayMaxSeconds <= retrier.intervalSeconds)
    fields.fault('MaxDelaySeconds', 'must be greater than IntervalSeconds');
  fields.finish();
  return retrier;
}

function readCatcher(fields: Fields, last: boolean, around: Around): Catcher {
  const errorEquals = readErrorEquals(fields, last);
  if (!fields.has('Next')) fields.required('Next');
  const next = fields.string('Next');
  const result = readResult(fields, around, ['input', 'context', 'errorOutput']);
  fields.finish();
  return { errorEquals, ...optional('next', next), ...result };
}

function readErrorEquals(fields: Fields, last: boolean): string[] {
  const names = fields.strings('ErrorEquals');
  for (const name of names) {
    if (name.startsWith('States.') && !knownStatesErrors.has(name))
      fields.fault('ErrorEquals', `there is no error called ${name}`);
  }
  if (names.includes('States.ALL') && (names.length > 1 || !last)) {
    fields.fault('ErrorEquals', 'States.ALL stands alone, and last');
  }
  return names;
}
