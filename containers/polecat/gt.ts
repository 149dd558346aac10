/** `gt` inside the sandbox: a script that calls the harness's own file, so that both sides read by the same rules. */
import { lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Done, doneUsage, noteChars, parseDone, questionChars } from './done.ts';
import { clipEnd } from './failure.ts';
import { runHook } from './hook.ts';
import { withoutSecrets } from './secrets.ts';

const doneFileBytesMax = 64 * 1024;

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const gtScript = (node: string, harness: string): string =>
  `#!/bin/sh\nexec ${quote(node)} ${quote(harness)} gt "$@"\n`;

/** Returns the exit status. */
export function runGt(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): number {
  const fail = (what: string): number => {
    process.stderr.write(`gt: ${what}\n`);
    return 2;
  };
  const [verb, ...rest] = args;
  if (verb === 'help' || verb === '--help' || rest.includes('--help')) {
    process.stdout.write(`${doneUsage}\n`);
    return 0;
  }
  if (verb === 'hook') {
    process.stdout.write(runHook(rest[0] ?? '', environment));
    return 0;
  }
  if (verb !== 'done')
    return fail(`inside a polecat there is only \`gt done\`, not ${JSON.stringify(verb ?? '')}\n${doneUsage}`);
  const file = environment.GASTOWN_DONE_FILE;
  if (!file) return fail('GASTOWN_DONE_FILE is not set: gt done works where a polecat runs an agent');
  const parsed = parseDone(rest);
  if (!parsed.ok) return fail(`${parsed.fault}\n${doneUsage}`);
  if (parsed.done.status === 'no_change' && environment.GASTOWN_ALLOWS_NO_CHANGE !== '1') {
    return fail('this bead must change something: --status no_change is for beads of type review or escalation');
  }
  writeFileSync(`${file}.new`, JSON.stringify(rest));
  renameSync(`${file}.new`, file);
  const note = 'note' in parsed.done && parsed.done.note ? `: ${parsed.done.note}` : '';
  process.stdout.write(`gt done: ${parsed.done.status}${note}\n`);
  return 0;
}

export type DoneFile = { readonly said: Done | undefined } | { readonly fault: string };

/** What the agent said; the file is the agent's to write, so nothing in it is trusted. */
export function readDone(file: string): DoneFile {
  const notOurs = { fault: "the agent's gt done is not what gt writes" };
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (!stat) return { said: undefined };
  if (!stat.isFile() || stat.size > doneFileBytesMax) return notOurs;
  let args: unknown;
  try {
    args = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return notOurs;
  }
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return notOurs;
  const parsed = parseDone(args);
  return parsed.ok ? { said: plain(parsed.done) } : { fault: `the agent's gt done is wrong: ${parsed.fault}` };
}

/** Its words go to people and to the next agent. */
const plain = (done: Done): Done =>
  'question' in done
    ? { ...done, question: clipEnd(withoutSecrets(done.question), questionChars) }
    : { ...done, note: clipEnd(withoutSecrets(done.note), noteChars) };
