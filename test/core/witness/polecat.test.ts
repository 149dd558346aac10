import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import type { Beat, Polecat } from '../../../core/polecats/polecat.ts';
import { judgePolecat, type SeenPolecat } from '../../../core/witness/polecat.ts';
import { idOf, t0 } from '../fixtures.ts';

const polecat: Polecat = {
  name: 'Nux',
  rig: 'greenhouse',
  bead: idOf(1),
  attempt: 2,
  branch: 'polecat/Nux/x@2',
  taskId: 'task',
  tokenHash: '',
  hookedAt: t0,
  nudges: 0,
};
const beat: Beat = {
  bead: idOf(1),
  attempt: 2,
  at: t0,
  state: 'working',
  step: 'implement',
  costUsd: 0,
  outputBytes: 10,
  activeAt: t0,
  tail: '',
  logChunks: [],
};
const seen = (over: Partial<SeenPolecat> = {}): SeenPolecat => ({
  polecat,
  beat,
  task: { taskId: 'task', state: 'running' },
  townRestarted: false,
  ...over,
});
const minute = 60_000;

describe('the Witness', () => {
  test('leaves a polecat that beats alone, and looks again when its next beat would be late', () => {
    expect(judgePolecat(seen(), t0 + minute)).toEqual({ verdict: 'well', attentionAt: t0 + limits.heartbeatLateMs });
  });

  test('does not declare dead what is still cloning', () => {
    const cold = seen({ beat: { ...beat, step: 'hooked' } });
    expect(judgePolecat(cold, t0 + 9 * minute).verdict).toBe('well');
    expect(judgePolecat(cold, t0 + 10 * minute)).toMatchObject({ verdict: 'dead', cause: 'lost' });
  });

  test('nudges at three minutes, waits five for an answer, then declares it dead', () => {
    expect(judgePolecat(seen(), t0 + 3 * minute)).toMatchObject({ verdict: 'nudge', attentionAt: t0 + 8 * minute });
    const nudged = seen({ polecat: { ...polecat, nudges: 1, nudgedAt: t0 + 3 * minute } });
    expect(judgePolecat(nudged, t0 + 7 * minute)).toEqual({ verdict: 'well', attentionAt: t0 + 8 * minute });
    expect(judgePolecat(nudged, t0 + 8 * minute)).toMatchObject({ verdict: 'dead', cause: 'lost' });
  });

  test('a beat answers a nudge; after two nudges the next silence is the last', () => {
    const answered = { ...polecat, nudges: 1, nudgedAt: t0 - minute };
    expect(judgePolecat(seen({ polecat: answered }), t0 + 3 * minute).verdict).toBe('nudge');
    expect(judgePolecat(seen({ polecat: { ...answered, nudges: 2 } }), t0 + 3 * minute).verdict).toBe('dead');
  });

  test('beats alone are not work: nudges at 15 minutes without a result, restarts after 2 hours', () => {
    const idle = (ms: number) => seen({ beat: { ...beat, at: t0 + ms } });
    expect(judgePolecat(idle(14 * minute), t0 + 14 * minute).verdict).toBe('well');
    expect(judgePolecat(idle(15 * minute), t0 + 15 * minute).verdict).toBe('nudge');
    expect(judgePolecat(idle(120 * minute), t0 + 120 * minute)).toMatchObject({ verdict: 'dead', cause: 'idle' });
  });

  test('does not restart one that says it is stuck', () => {
    const stuck = seen({ beat: { ...beat, state: 'stuck' } });
    expect(judgePolecat(stuck, t0 + 300 * minute).verdict).toBe('well');
  });

  test('ends one that beats, prints and steps on past the end of its time, stuck or not', () => {
    const end = t0 + 120 * minute;
    const mad = (ms: number, state: Beat['state'] = 'working') =>
      seen({ polecat: { ...polecat, endsBy: end }, beat: { ...beat, state, at: t0 + ms, activeAt: t0 + ms } });
    expect(judgePolecat(mad(119 * minute), end - minute).verdict).toBe('well');
    expect(judgePolecat(mad(120 * minute), end)).toMatchObject({ verdict: 'dead', cause: 'timeout' });
    expect(judgePolecat(mad(120 * minute, 'stuck'), end + minute)).toMatchObject({ verdict: 'dead', cause: 'timeout' });
  });

  test('knows an orphan by its task, at once', () => {
    const gone = seen({ task: { taskId: 'task', state: 'stopped', exitCode: 137 } });
    expect(judgePolecat(gone, t0 + 1)).toMatchObject({
      verdict: 'dead',
      cause: 'lost',
      detail: expect.stringContaining('137'),
    });
  });

  test('blames nobody for a host that was taken away', () => {
    const gone = seen({ task: { taskId: 'task', state: 'stopped', detail: 'SpotInterruption', hostLost: true } });
    expect(judgePolecat(gone, t0 + 1)).toMatchObject({ verdict: 'dead', cause: 'infrastructure' });
  });

  test('blames nobody for a restart of the town', () => {
    const gone = seen({ task: { taskId: 'task', state: 'absent' }, townRestarted: true });
    expect(judgePolecat(gone, t0 + 1)).toMatchObject({ verdict: 'dead', cause: 'infrastructure' });
    expect(judgePolecat(seen({ task: undefined, townRestarted: true }), t0 + 1)).toMatchObject({
      cause: 'infrastructure',
    });
  });

  test('a beat of an older attempt proves nothing', () => {
    const old = seen({ beat: { ...beat, attempt: 1, at: t0 + 9 * minute } });
    expect(judgePolecat(old, t0 + 10 * minute).verdict).toBe('dead');
  });
});
