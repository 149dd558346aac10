/** Agents that fail, hang, flood, cheat and break things: what becomes of their beads, in a whole town. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest } from '@jest/globals';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { limits } from '../../core/limits.ts';
import { onOneStage, type Stage, task } from './stage.ts';

jest.setTimeout(120_000);

/** Works from the second attempt on. */
const heals = (badly: string): string =>
  `[ "$GASTOWN_ATTEMPT" -gt 1 ] || { ${badly}; }\necho done > "$GASTOWN_BEAD.txt"`;

const openEscalations = async ({ api }: Stage): Promise<readonly Escalation[]> =>
  (await api.must<{ escalations: Escalation[] }>('GET', '/v1/escalations')).escalations;

describe('a bead whose agent', () => {
  onOneStage((story) => {
    story('exits with 1 heals by a retry, lands with a note of what happened, and leaves no branch', async (stage) => {
      const rig = await stage.rig('exits');
      const { status, beads } = await stage.play('exits', task('a', heals('echo tripped; exit 1')));
      expect(status).toBe('landed');
      expect(beads).toMatchObject([{ attempt: 2, failures: 1, closedReason: 'merged' }]);
      expect(beads[0]?.notes).toMatchObject([{ cause: 'agent_failed', detail: expect.stringContaining('tripped') }]);
      await stage.until('the branches to go', async () =>
        rig.git('for-each-ref', 'refs/heads/polecat/') === '' ? true : undefined,
      );
    });

    story(
      'always fails is given up after the ladder, its dependents wait for good, and a retry lands all',
      async (stage) => {
        const rig = await stage.rig('ladder', { 'retry.same_agent': 1, 'retry.fresh': 0 });
        const needs = 'needs: cause';
        const stalled = await stage.play(
          'ladder',
          task('cause', 'test -f mended\necho x > cause.txt'),
          task('next', 'echo x > next.txt', needs),
          task('last', 'echo x > last.txt', 'needs: next'),
          task('apart', 'echo x > apart.txt'),
        );
        expect(stalled).toMatchObject({ status: 'stalled', progress: { landed: 1, failed: 1, blocked: 2 } });
        expect(stalled.stalledBecause).toMatch(/Do cause.*agent_failed.*gt convoy retry/);
        expect(stalled.beads.map(({ status, attempt, blockedForGood }) => [status, attempt, blockedForGood])).toEqual([
          ['failed', 2, false],
          ['open', 0, true],
          ['open', 0, true],
          ['closed', 1, false],
        ]);
        const told = (await openEscalations(stage)).filter(({ convoy }) => convoy === stalled.id);
        expect(told.map(({ bead }) => bead).sort()).toEqual([stalled.beads[0]?.id, undefined].sort());

        rig.commit('main', { mended: 'yes\n' });
        await stage.api.must('POST', `/v1/convoys/${stalled.id}/retry`);
        const healed = await stage.rest(stalled.id);
        expect(healed).toMatchObject({ status: 'landed', progress: { landed: 4, failed: 0, blocked: 0 } });
        expect((await openEscalations(stage)).filter(({ convoy }) => convoy === stalled.id)).toEqual([]);
      },
    );

    story('hangs is stopped at its limit, and what it left is where the next attempt starts', async (stage) => {
      const rig = await stage.rig('hangs', { 'agent.timeout_s': 1 });
      const script = 'test -f half || { echo half > half; sleep 600; }\necho whole > whole';
      const { status, beads } = await stage.play('hangs', task('a', script));
      expect(status).toBe('landed');
      expect(beads[0]?.notes).toMatchObject([{ cause: 'timeout' }]);
      expect([rig.show('main', 'half'), rig.show('main', 'whole')]).toEqual(['half', 'whole']);
    });

    story('prints 100 MB lands, and the beginning and the end of it are kept, within the limit', async (stage) => {
      await stage.rig('prints');
      const script = 'echo first-line; head -c 100000000 /dev/zero | tr "\\0" x; echo; echo last-line\necho x > x.txt';
      const { status } = await stage.play('prints', task('a', script));
      expect(status).toBe('landed');
      const blobs = filesBelow(join(stage.dir, 'blobs'));
      expect(blobs.reduce((bytes, file) => bytes + statSync(file).size, 0)).toBeLessThan(2 * limits.logBytesMax);
      const kept = blobs.map((file) => readFileSync(file, 'latin1'));
      for (const line of [/^first-line$/m, /^last-line$/m]) expect(kept.some((text) => line.test(text))).toBe(true);
    });

    story('commits nothing is refused, not counted as done', async (stage) => {
      const rig = await stage.rig('nothing', { 'retry.same_agent': 0, 'retry.fresh': 0 });
      const before = rig.head('main');
      const { status, beads } = await stage.play('nothing', task('a', 'true'));
      expect(status).toBe('stalled');
      expect(beads).toMatchObject([{ status: 'failed', notes: [{ cause: 'empty_result' }] }]);
      expect(rig.head('main')).toBe(before);
    });

    story('rewrites history is refused; main keeps every commit it had', async (stage) => {
      const rig = await stage.rig('rewrites');
      const before = rig.head('main') ?? '';
      const badly = 'git checkout -q --orphan new && git commit -q --allow-empty -m anew; exit 0';
      const { status, beads } = await stage.play('rewrites', task('a', heals(badly)));
      expect(status).toBe('landed');
      expect(beads[0]?.notes).toMatchObject([{ cause: 'agent_failed', detail: expect.stringContaining('history') }]);
      expect(rig.git('merge-base', before, 'main')).toBe(before);
    });

    story('kills its own harness is lost at once, not after minutes, and its next attempt lands', async (stage) => {
      await stage.rig('kills');
      const { status, beads } = await stage.play('kills', task('a', heals('kill -9 $PPID; sleep 1')));
      expect(status).toBe('landed');
      expect(beads[0]).toMatchObject({ attempt: 2, respawns: 1, notes: [{ cause: 'lost' }] });
    });

    story('leaves processes behind takes them with it, wherever they hid', async (stage) => {
      await stage.rig('leaves');
      const script =
        'sleep 98761 & nohup sh -c "sleep 98762" >/dev/null 2>&1 &\nsetsid sleep 98763 >/dev/null 2>&1 &\necho x > x';
      const { status } = await stage.play('leaves', task('a', script));
      expect(status).toBe('landed');
      expect(runningCommands().filter((command) => /sleep 9876[123]/.test(command))).toEqual([]);
    });

    story('breaks its own repository loses no work', async (stage) => {
      const rig = await stage.rig('breaks');
      const { status } = await stage.play(
        'breaks',
        task('a', 'echo kept > kept.txt\nrm -rf .git\necho nonsense > .git'),
      );
      expect(status).toBe('landed');
      expect(rig.show('main', 'kept.txt')).toBe('kept');
    });

    story('looks for secrets finds none of the town’s', async (stage) => {
      const rig = await stage.rig('looks');
      const { status } = await stage.play('looks', task('a', 'env > env.txt; echo x >> env.txt'));
      expect(status).toBe('landed');
      const seen = rig.show('main', 'env.txt') ?? '';
      expect(seen).not.toContain(stage.api.token);
      expect(seen).not.toMatch(/TOKEN|SECRET|AWS_/);
    });
  });
});

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const runningCommands = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
