/**
 * How a nudge reaches a running Claude Code: after each tool that it used, and before it stops, it runs this command, and
 * reads what it prints. A word is told once: after a tool as context, and at the end as a reason to go on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const hookEvents = ['PostToolUse', 'Stop'] as const;
type HookEvent = (typeof hookEvents)[number];

/** Starting Node costs 50 ms: not before there is a first word. */
const commandOf = (event: HookEvent): object => ({
  type: 'command',
  command: `[ ! -s "$GASTOWN_NUDGE_FILE" ] || gt hook ${event}`,
});

/** Claude Code's settings, for its option `--settings`. */
export const claudeSettings: string = JSON.stringify({
  hooks: {
    PostToolUse: [{ matcher: '*', hooks: [commandOf('PostToolUse')] }],
    Stop: [{ hooks: [commandOf('Stop')] }],
  },
});

/** What `gt hook <event>` prints: nothing if all was told before. */
export function runHook(event: string, environment: Readonly<Record<string, string | undefined>>): string {
  const { GASTOWN_NUDGE_FILE: file, HOME: home } = environment;
  if (!hookEvents.some((known) => known === event) || !file || !home) return '';
  const told = join(home, '.nudges-told');
  const all = readOr(file);
  const words = all.slice(Number(readOr(told)) || 0).trim();
  if (words === '') return '';
  writeFileSync(told, String(all.length));
  const text = `A word for you from those who watch over your work:\n${words}`;
  if (event === 'Stop') return JSON.stringify({ decision: 'block', reason: text });
  return JSON.stringify({ hookSpecificOutput: { hookEventName: event, additionalContext: text } });
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
