/** A pattern that a repository brings, compared for a bounded time: some take longer for forty characters than anybody lives. */
import { runInNewContext } from 'node:vm';
import type { Matches } from '../core/formulas/vars.ts';

const timeoutMs = 1000;

export const boundedMatch: Matches = (pattern, value) => {
  try {
    return runInNewContext('new RegExp(pattern, "u").test(value)', { pattern, value }, { timeout: timeoutMs }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too_long';
    throw error;
  }
};
