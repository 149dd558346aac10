/**
 * A process to kill: `ledger-committer.ts <location> <sync>`. Four writers commit without end; each prints
 * `<writer> <n>` when commit n is answered, and `<writer> <code>` when it fails, once more after that, and stops.
 */
import { writeSync } from 'node:fs';
import { TownError } from '../../core/errors.ts';
import type { Change } from '../../core/ports.ts';
import { realClock } from '../../local/clock.ts';
import { openLedger } from '../../local/ledger.ts';

const [location = '', sync = 'true'] = process.argv.slice(2);
const say = (writer: string, what: unknown): void => void writeSync(1, `${writer} ${what}\n`);
const codeOf = (error: unknown): string => (error instanceof TownError ? error.code : String(error));

/** Three new items and a counter: four changes that belong together. */
function changesOf(writer: string, n: number): Change[] {
  const parts = ['a', 'b', 'c'].map((part): Change => {
    const put = { pk: `W#${writer}`, sk: `${String(n).padStart(6, '0')}#${part}`, body: { n, text: part.repeat(700) } };
    return { put: part === 'a' ? { ...put, attentionAt: n } : put, expect: { absent: true } };
  });
  return [...parts, { put: { pk: 'COUNT', sk: writer, body: { n } }, expect: { version: n - 1 } }];
}

try {
  const ledger = await openLedger({ location, sync: sync === 'true', clock: realClock });
  const write = async (writer: string): Promise<void> => {
    let failures = 0;
    for (let n = 1; failures < 2; n += 1) {
      try {
        const result = await ledger.commit({ id: `${writer}-${n}`, changes: changesOf(writer, n) });
        say(writer, result.ok ? n : 'CONFLICT');
      } catch (error) {
        failures += 1;
        say(writer, codeOf(error));
      }
    }
  };
  await Promise.all(['w1', 'w2', 'w3', 'w4'].map(write));
} catch (error) {
  say('open', codeOf(error));
}
