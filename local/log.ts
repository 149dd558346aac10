/** Logs as lines of JSON, in the shape that CloudWatch has them in AWS. */
import type { Log } from '../core/ports.ts';
import { realClock } from './clock.ts';

export const fileLog =
  (out: { write(text: string): unknown }): Log =>
  (level, message, fields) => {
    out.write(`${JSON.stringify({ at: new Date(realClock.now()).toISOString(), level, message, ...fields })}\n`);
  };
