/** Logs as lines of JSON, in the shape that CloudWatch has them in AWS. */
import type { Writable } from 'node:stream';
import type { Log } from '../core/ports.ts';
import { redacted } from '../core/redact.ts';
import { realClock } from './clock.ts';

/** A log that cannot be written, on a full disk, is said once and ends no town: what counts is in the ledger. */
export function fileLog(out: Writable): Log {
  let said = false;
  out.on('error', (error) => {
    if (!said) console.error(`The log cannot be written (${error.message}); the town goes on without it.`);
    said = true;
  });
  return (level, message, fields) => {
    if (said) return;
    const line = {
      at: new Date(realClock.now()).toISOString(),
      level,
      ...(redacted({ message, ...fields }) as object),
    };
    out.write(`${JSON.stringify(line)}\n`);
  };
}
