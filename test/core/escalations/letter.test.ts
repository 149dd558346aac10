import { describe, expect, test } from '@jest/globals';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { type Alarm, openEscalation } from '../../../core/escalations/open.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
import type { Instant, Item } from '../../../core/ports.ts';
import { runbookOf } from '../../../core/runbooks.ts';
import { breakerAlarm } from '../../../core/scheduler/records.ts';
import type { Step } from '../../../core/step.ts';
import { raiseUnacknowledged } from '../../../core/witness/escalation.ts';
import { account } from './account.ts';

const now = Date.UTC(2030, 0, 1, 3, 30);
const minutes = 60_000;

const letterIn = ({ effects }: Step) => {
  const told = effects?.find((effect) => effect.do === 'notify');
  if (told?.do !== 'notify') throw new Error('nobody is told');
  return told;
};
const opened = (alarm: Alarm, at: Instant = now) => letterIn(openEscalation(undefined, alarm, at));

const line: Alarm = {
  ...account,
  cause: 'rig/green/no-progress',
  severity: 'high',
  title: 'green has ready beads and nobody works on them',
  what: `3 beads of convoy 7k2m9q (Winter night) are ready, and it has not moved. ${'Is a budget spent? '.repeat(6)}`,
  since: now - 31 * minutes,
  rig: 'green',
};

describe('a letter', () => {
  test('says what, since when, what was tried, what if nobody acts, one command, and where to look', () => {
    const { body, subject } = opened(line);
    expect(subject).toBe('[gastown] high: green has ready beads and nobody works on them');
    expect(body.split('\n')).toEqual([
      'green has ready beads and nobody works on them',
      '',
      '3 beads of convoy 7k2m9q (Winter night) are ready, and it has not moved.',
      '  Is a budget spent? Is a budget spent? Is a budget spent? Is a budget',
      '  spent? Is a budget spent? Is a budget spent?',
      'Tried: nothing.',
      'If nobody acts: it waits.',
      'Do: gt status',
      'Since: 2030-01-01 02:59:00 UTC (31 minutes ago)',
      '',
      'Runbook: docs/runbooks/scheduler.md#ready-beads-and-nobody-works-on-them',
      'Why: gt why green',
      'Log lines: rig = "green"',
      expect.stringMatching(/^Seen it\? gt escalations ack esc-[0-9a-f]{12}$/),
    ]);
  });

  test('keeps to 72 columns, but never breaks a command', () => {
    const command = `gt escalations answer esc-0123456789ab "${'x'.repeat(60)} ${'y'.repeat(60)}"`;
    const { body } = opened({ ...line, command });
    expect(body).toContain(`\nDo: ${command}\n`);
    const long = body.split('\n').filter((text) => text.length > 72);
    expect(long).toEqual([`Do: ${command}`]);
  });

  test('counts from now where the trouble has just been found', () => {
    expect(opened(breakerAlarm).body).toContain('Since: 2030-01-01 03:30:00 UTC (just now)');
  });

  test('names what can be filtered for most narrowly', () => {
    const about = { bead: 'gh-7k2m9q-3', convoy: '7k2m9q', rig: 'green' };
    const { body } = opened({ ...line, cause: beadCause('gh-7k2m9q-3'), ...about });
    expect(body).toContain('Why: gt why gh-7k2m9q-3\nLog lines: bead = "gh-7k2m9q-3"\n');
  });

  test('of one that nobody acknowledged says so, and counts from its beginning', () => {
    const step = openEscalation(undefined, line, now);
    const [put] = step.changes;
    if (!put || !('put' in put)) throw new Error('no escalation');
    const was = { ...put.put, version: 1, commit: 'c' } as unknown as Item<Escalation>;
    const { body, subject, severity } = letterIn(raiseUnacknowledged(was, now + 4 * 60 * minutes));
    expect([severity, subject]).toEqual(['critical', `[gastown] still open, now critical: ${line.title}`]);
    expect(body).toContain('Still open: nobody has acknowledged it');
    expect(body).toContain('(4 hours ago)');
  });
});

test('of two patterns that fit a cause, the narrower one counts', () => {
  expect(runbookOf('bead/gh-7k2m9q-3/stuck')?.heading).toBe('A polecat says that it is stuck');
  expect(runbookOf('bead/gh-7k2m9q-3')?.heading).toBe('A bead asks, or was given up');
  expect(runbookOf('queue/green/release/1.0/red-main')?.heading).toBe('Main is red');
  expect(runbookOf('of/an/older/version')).toBeUndefined();
});
