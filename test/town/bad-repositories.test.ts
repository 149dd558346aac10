/** Gates that do not pass, branches that vanish, a main that others move: what lands, in a whole town on real git. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, jest } from '@jest/globals';
import type { Escalation } from '../../core/escalations/escalation.ts';
import type { TestRig } from '../git/rig.ts';
import { onOneStage, type Stage, task } from './stage.ts';

jest.setTimeout(120_000);

const noRetry = { 'retry.same_agent': 0, 'retry.fresh': 0 };
const writes = (name: string, ...fields: readonly string[]): string =>
  task(name, `echo ${name} > ${name}.txt`, ...fields);

const alarmsOf = async ({ api }: Stage, rig: string): Promise<readonly Escalation[]> =>
  (await api.must<{ escalations: Escalation[] }>('GET', '/v1/escalations')).escalations.filter(
    (one) => one.rig === rig,
  );

const filesOn = (rig: TestRig): string[] => rig.git('ls-tree', '-r', '--name-only', 'main').split('\n').sort();

/** Pushes commits of its own to main, as fast as it is told to, in a process of its own. */
async function pushForeign(rig: TestRig, times: number, everySeconds: number): Promise<void> {
  const script = `
    for i in $(seq ${times}); do
      while :; do
        old=$(git rev-parse refs/heads/main)
        blob=$(echo $i | git hash-object -w --stdin)
        tree=$( (git ls-tree $old; printf '100644 blob %s\\tforeign-%s\\n' $blob $i) | git mktree)
        git update-ref refs/heads/main $(git commit-tree $tree -p $old -m "foreign $i") $old 2>/dev/null && break
      done
      sleep ${everySeconds}
    done`;
  const identity = {
    GIT_AUTHOR_NAME: 'F',
    GIT_AUTHOR_EMAIL: 'f@f',
    GIT_COMMITTER_NAME: 'F',
    GIT_COMMITTER_EMAIL: 'f@f',
  };
  const child = spawn('sh', ['-c', script], {
    cwd: rig.remote.url,
    env: { ...process.env, ...identity },
    stdio: 'ignore',
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
}

describe('the merge queue of a town', () => {
  onOneStage((story) => {
    story(
      'a gate whose command does not exist is not a pass: nothing lands, a human is told, and mending it lands all',
      async (stage) => {
        const rig = await stage.rig('absent', { 'refinery.gates.test': 'no-such-command --at-all' });
        const before = rig.head('main');
        const submitted = await stage.api.submit('absent', `# Absent\n\n${writes('a')}`, 'absent');
        const alarm = await stage.until('an alarm about the gate', async () => (await alarmsOf(stage, 'absent'))[0]);
        expect(`${alarm.title} ${alarm.body}`).toMatch(/main|gate/);
        expect(rig.head('main')).toBe(before);
        expect(await stage.api.convoy(submitted)).toMatchObject({ progress: { landed: 0 } });

        await stage.api.must('PATCH', '/v1/rigs/absent/config', {
          'refinery.gates.test': 'test -f a.txt || test -f README.md',
        });
        await stage.api.must('POST', '/v1/rigs/absent/queue/resume');
        expect(await stage.rest(submitted)).toMatchObject({ status: 'landed' });
      },
    );

    story('a rig without any gate lands nothing until it has one', async (stage) => {
      const rig = await stage.rig('gateless', { 'refinery.gates.test': null });
      const before = rig.head('main');
      const submitted = await stage.api.submit('gateless', `# Gateless\n\n${writes('a')}`, 'gateless');
      await stage.until('an alarm about the missing gate', async () => (await alarmsOf(stage, 'gateless'))[0]);
      expect(rig.head('main')).toBe(before);
      await stage.api.must('PATCH', '/v1/rigs/gateless/config', { 'refinery.gates.test': 'true' });
      expect(await stage.rest(submitted)).toMatchObject({ status: 'landed' });
    });

    story('a gate that fails sends the change back with its output, and lands the one beside it', async (stage) => {
      const rig = await stage.rig('fails', {
        ...noRetry,
        'refinery.gates.test': 'if test -f bad.txt; then echo bad is here; exit 1; fi',
      });
      const { status, beads } = await stage.play('fails', writes('bad'), writes('good'));
      expect(status).toBe('stalled');
      expect(beads).toMatchObject([
        { status: 'failed', notes: [{ cause: 'gate_failed', evidence: expect.any(String) }] },
        { status: 'closed', closedReason: 'merged' },
      ]);
      const evidence = await stage.api.must<{ text: string }>('GET', `/v1/blobs/${beads[0]?.notes[0]?.evidence}`);
      expect(evidence.text).toContain('bad is here');
      expect(filesOn(rig)).toEqual(['README.md', 'good.txt']);
    });

    story('a branch that someone deletes before its landing is made again from main, and lands once', async (stage) => {
      const rig = await stage.rig('deleted');
      const deletes = `git -C ${rig.remote.url} for-each-ref --format='delete %(refname)' refs/heads/polecat | git -C ${rig.remote.url} update-ref --stdin`;
      const once = `test -e ${rig.dir}/deleted || { touch ${rig.dir}/deleted; ${deletes}; }`;
      await stage.api.must('PATCH', '/v1/rigs/deleted/config', { 'refinery.gates.test': once });
      const { status, beads } = await stage.play('deleted', writes('a'));
      expect(status).toBe('landed');
      expect(beads[0]).toMatchObject({ attempt: 2, notes: [{ cause: 'branch_gone' }] });
    });

    story('a main that others move all the while: every bead lands once, every foreign commit stays', async (stage) => {
      const rig = await stage.rig('moved', { 'refinery.gates.test': 'sleep 0.2' });
      const foreign = pushForeign(rig, 12, 0.4);
      const { status } = await stage.play(
        'moved',
        writes('a'),
        writes('b'),
        writes('c', 'needs: a'),
        writes('d', 'needs: a, b'),
      );
      await foreign;
      expect(status).toBe('landed');
      const landed = ['README.md', 'a.txt', 'b.txt', 'c.txt', 'd.txt'];
      const pushed = Array.from({ length: 12 }, (_, i) => `foreign-${i + 1}`);
      expect(filesOn(rig)).toEqual([...landed, ...pushed].sort());
    });

    story('a main that moves in the very moment of the push is not overwritten', async (stage) => {
      const rig = await stage.rig('raced');
      rig.hook(
        'update',
        `[ "$1" = refs/heads/main ] || exit 0
        n=$(cat ../raced 2>/dev/null || echo 0); [ $n -lt 3 ] || exit 0; echo $((n + 1)) > ../raced
        export GIT_AUTHOR_NAME=F GIT_AUTHOR_EMAIL=f@f GIT_COMMITTER_NAME=F GIT_COMMITTER_EMAIL=f@f
        old=$(git rev-parse refs/heads/main)
        git update-ref refs/heads/main $(git commit-tree "$old^{tree}" -p $old -m "raced $n") $old`,
      );
      const { status } = await stage.play('raced', writes('a'), writes('b'));
      expect(status).toBe('landed');
      expect(
        rig
          .subjects('main')
          .filter((subject) => subject.startsWith('raced'))
          .sort(),
      ).toEqual(['raced 0', 'raced 1', 'raced 2']);
    });

    story(
      'two beads that change the same line: the second starts over from the main that has the first',
      async (stage) => {
        const rig = await stage.rig('conflict');
        const appends = (name: string): string => task(name, `sleep 0.3; echo ${name} >> README.md`);
        const { status, beads } = await stage.play('conflict', appends('one'), appends('two'));
        expect(status).toBe('landed');
        expect(beads.map(({ notes }) => notes.map(({ cause }) => cause)).sort()).toEqual([[], ['conflict']]);
        expect(rig.show('main', 'README.md')?.split('\n').sort()).toEqual(['conflict', 'one', 'two']);
      },
    );

    story(
      'a main that was rewritten stops the queue and asks a human; nothing is landed again by itself',
      async (stage) => {
        const rig = await stage.rig('rewritten');
        expect(await stage.play('rewritten', writes('a'))).toMatchObject({ status: 'landed' });
        const landed = rig.head('main') ?? '';
        const other = rig.commit('elsewhere', { 'other.txt': 'x\n' }, { from: 'none' });
        rig.git('update-ref', 'refs/heads/main', other);
        const submitted = await stage.api.submit('rewritten', `# After\n\n${writes('b')}`, 'after');
        const alarm = await stage.until('an alarm about main', async () => (await alarmsOf(stage, 'rewritten'))[0]);
        expect(`${alarm.title} ${alarm.body}`).toMatch(/rewritten|lost/);
        expect(rig.head('main')).toBe(other);
        await stage.api.must('POST', `/v1/convoys/${submitted}/cancel`);
        await stage.until('the end of its bead', async () => {
          const { beads } = await stage.api.convoy(submitted);
          return beads.every(({ status }) => status === 'cancelled') || undefined;
        });
        rig.git('update-ref', 'refs/heads/main', landed);
      },
    );
  });
});
