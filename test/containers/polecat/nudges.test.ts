import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { claudeSettings, runHook } from '../../../containers/polecat/hook.ts';
import { Nudges, nudgeFile } from '../../../containers/polecat/nudges.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gastown-nudges-'));
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(root, { recursive: true });
});

const said = (): string[] => readFileSync(nudgeFile({ root }), 'utf8').split('\n').slice(0, -1);
const answer = (nudge: string | null, nudgedAt?: number) =>
  ({ superseded: false, stop: null, nudge, ...(nudgedAt === undefined ? {} : { nudgedAt }) }) as const;

describe('the file of nudges', () => {
  test('is there before the first, so that an agent may watch it', () => {
    new Nudges({ root });
    expect(said()).toEqual([]);
  });

  test('gets each nudge once, however many beats are answered with it, and the same words when they are said again', () => {
    const nudges = new Nudges({ root });
    for (const at of [1, 1, 1, 2, 2]) nudges.hear(answer('Hurry.', at));
    nudges.hear(answer(null));
    expect(said()).toEqual(['Hurry.', 'Hurry.']);
  });

  test('has one line a nudge', () => {
    new Nudges({ root }).hear(answer('one\ntwo', 1));
    expect(said()).toEqual(['one two']);
  });

  test.each([
    [3_600_000, 3_300_000, '5 min are left.'],
    [600_000, 525_000, '1 min are left.'],
    [80_000, 70_000, '10 s are left.'],
  ])('tells an agent with %d ms after %d ms how many are left, and how to hand on', (timeoutMs, afterMs, words) => {
    jest.useFakeTimers();
    const nudges = new Nudges({ root });
    nudges.remindOfTime(timeoutMs);
    jest.advanceTimersByTime(afterMs - 1);
    expect(said()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(said()).toEqual([expect.stringContaining(words)]);
    expect(said()[0]).toContain('gt done --status handoff --note');
  });

  test('says nothing of time to an agent that has ended', () => {
    jest.useFakeTimers();
    new Nudges({ root }).remindOfTime(60_000)();
    jest.runAllTimers();
    expect(said()).toEqual([]);
  });
});

describe('the hook of Claude Code', () => {
  const hook = (event: string) => runHook(event, { GASTOWN_NUDGE_FILE: nudgeFile({ root }), HOME: root });

  test('tells a word once: after a tool as context, before it stops as a reason to go on', () => {
    const nudges = new Nudges({ root });
    expect(hook('PostToolUse')).toBe('');
    nudges.say('Hurry.');
    expect(JSON.parse(hook('PostToolUse'))).toEqual({
      hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: expect.stringMatching(/\nHurry\.$/) },
    });
    expect([hook('PostToolUse'), hook('Stop')]).toEqual(['', '']);
    nudges.say('Mind the tests.');
    expect(JSON.parse(hook('Stop'))).toEqual({
      decision: 'block',
      reason: expect.stringMatching(/watch over your work:\nMind the tests\.$/),
    });
    expect(hook('Stop')).toBe('');
  });

  test('is harmless where its note of what was told is nonsense, or anything is missing', () => {
    new Nudges({ root }).say('Hurry.');
    writeFileSync(join(root, '.nudges-told'), 'many');
    expect(hook('Stop')).toContain('Hurry.');
    expect(hook('PreToolUse')).toBe('');
    expect(runHook('Stop', {})).toBe('');
  });

  test('is asked for by its settings at both moments, and costs nothing before the first word', () => {
    const { hooks } = JSON.parse(claudeSettings);
    const commands = [hooks.PostToolUse[0].hooks[0].command, hooks.Stop[0].hooks[0].command];
    expect(commands).toEqual(
      ['PostToolUse', 'Stop'].map((event) => `[ ! -s "$GASTOWN_NUDGE_FILE" ] || gt hook ${event}`),
    );
  });
});
