/** Convoys that land as one: a whole town, with real git and processes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest } from '@jest/globals';
import type { TestRig } from '../git/rig.ts';
import type { ConvoyDetail } from './api-client.ts';
import { onOneStage, type Stage, task } from './stage.ts';

jest.setTimeout(180_000);

/** Two beads beside each other, and a third that needs the first and sees what it made. */
const three = (before = 'true'): readonly string[] => [
  task('plant', 'echo seed > plant.txt'),
  task('water', 'echo water > water.txt'),
  task('pick', `test "$(cat plant.txt)" = seed\n${before}\necho fruit > fruit.txt`, 'needs: plant'),
];
const files = ['plant.txt', 'water.txt', 'fruit.txt'] as const;

async function submit(stage: Stage, rig: string, tasks: readonly string[]): Promise<string> {
  const body = { text: `# All of ${rig}\n\n${tasks.join('\n')}`, rig, land: 'convoy' };
  return (await stage.api.must<{ convoy: { id: string } }>('POST', '/v1/intents', body)).convoy.id;
}

/** How many of the convoy's files each commit of main's first-parent history has: none or all, or a part has landed. */
function partsOnMain(rig: TestRig): readonly number[] {
  const commits = rig.git('log', '--first-parent', '--format=%H', 'main').split('\n');
  return commits.map((commit) => {
    const there = rig.git('ls-tree', '--name-only', commit).split('\n');
    return files.filter((file) => there.includes(file)).length;
  });
}

const branchesOf = (rig: TestRig): readonly string[] =>
  rig.git('for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');

const landingOf = (convoy: ConvoyDetail) => convoy.beads.find(({ name }) => name === 'land-convoy');

describe('a convoy that lands as one', () => {
  onOneStage((story) => {
    story(
      'is on main all at once: each bead as its own commit, by a fast-forward, and its branch is gone',
      async (stage) => {
        const rig = await stage.rig('whole');
        const id = await submit(stage, 'whole', three());
        const convoy = await stage.rest(id);
        expect(convoy).toMatchObject({ status: 'landed', progress: { total: 4, landed: 4 } });
        expect(landingOf(convoy)).toMatchObject({
          status: 'closed',
          closedReason: 'merged',
          attempt: 1,
          target: 'main',
        });
        expect(convoy.beads.slice(0, 3).map(({ target }) => target)).toEqual(Array(3).fill(`integration/${id}`));
        expect(rig.head('main')).toBe(landingOf(convoy)?.commit);
        expect([...rig.subjects('main')].sort()).toEqual(['Do pick', 'Do plant', 'Do water', 'work on main']);
        expect(rig.git('log', '--merges', '--format=%H', 'main')).toBe('');
        await stage.until('its branch is deleted', async () => (branchesOf(rig).join() === 'main' ? true : undefined));
      },
    );

    story('is a merge commit where main has moved meanwhile, and main never holds a part of it', async (stage) => {
      const rig = await stage.rig('moved');
      const go = join(rig.dir, 'go');
      const id = await submit(stage, 'moved', three(`until test -e ${go}; do sleep 0.05; done`));
      await stage.until('two beads on its branch', async () =>
        (await stage.api.convoy(id)).progress.landed === 2 ? true : undefined,
      );
      expect(Math.max(...partsOnMain(rig))).toBe(0);
      const foreign = rig.commit('main', { 'foreign.txt': 'f\n' });
      writeFileSync(go, '');
      const convoy = await stage.rest(id);
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 4, landed: 4 } });
      const [merge = '', ...parents] = rig.git('log', '-1', '--format=%H %P', 'main').split(' ');
      expect(parents[0]).toBe(foreign);
      expect(merge).toBe(landingOf(convoy)?.commit);
      expect(rig.git('log', '-1', '--format=%(trailers:key=Bead,valueonly)', 'main').trim()).toBe(
        landingOf(convoy)?.id,
      );
      expect(partsOnMain(rig)).toEqual([3, 0, 0]);
      await stage.until('its branch is deleted', async () => (branchesOf(rig).join() === 'main' ? true : undefined));
    });

    story('leaves main as it was when it is cancelled halfway, and takes its branch along', async (stage) => {
      const rig = await stage.rig('halfway');
      const before = rig.head('main');
      const id = await submit(stage, 'halfway', three('sleep 600'));
      await stage.until('two beads on its branch', async () =>
        (await stage.api.convoy(id)).progress.landed === 2 ? true : undefined,
      );
      expect(branchesOf(rig)).toContain(`integration/${id}`);
      await stage.api.must('POST', `/v1/convoys/${id}/cancel`);
      await stage.until('its branch is deleted', async () => (branchesOf(rig).join() === 'main' ? true : undefined));
      expect(await stage.rest(id)).toMatchObject({ status: 'cancelled', progress: { landed: 2, cancelled: 2 } });
      expect(rig.head('main')).toBe(before);
    });

    story('is made to fit by a resolver when main conflicts with it, and lands with the merge', async (stage) => {
      const resolver = join(stage.dir, 'resolvers', 'as-one');
      mkdirSync(join(stage.dir, 'resolvers'), { recursive: true });
      writeFileSync(resolver, 'grep -q "<<<<<<<" plant.txt\nprintf "both\\n" > plant.txt\n');
      const rig = await stage.rig('quarrel', { 'agent.command': `sh -eu ${resolver} {prompt}` });
      const go = join(rig.dir, 'go');
      const id = await submit(stage, 'quarrel', three(`until test -e ${go}; do sleep 0.05; done`));
      await stage.until('two beads on its branch', async () =>
        (await stage.api.convoy(id)).progress.landed === 2 ? true : undefined,
      );
      rig.commit('main', { 'plant.txt': 'theirs\n' });
      writeFileSync(go, '');
      const convoy = await stage.rest(id);
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 4, landed: 4 } });
      expect(convoy.beads.filter(({ type }) => type === 'conflict')).toHaveLength(1);
      expect(rig.show('main', 'plant.txt')).toBe('both');
      expect(rig.subjects('main')).toEqual(expect.arrayContaining(['Do plant', 'Do water', 'Do pick']));
    });

    story(
      'goes to a human when main fails with it, for nobody can work on it, and lands with what they push to its branch',
      async (stage) => {
        const rig = await stage.rig('failing', { 'retry.same_agent': 0, 'retry.fresh': 0 });
        const red = join(rig.dir, 'red');
        writeFileSync(red, '');
        const gate = `test ! -e ${red} || test ! -e fruit.txt || test ! -e foreign.txt`;
        await stage.api.must('PATCH', '/v1/rigs/failing/config', { 'refinery.gates.test': gate });
        const go = join(rig.dir, 'go');
        const id = await submit(stage, 'failing', three(`until test -e ${go}; do sleep 0.05; done`));
        await stage.until('two beads on its branch', async () =>
          (await stage.api.convoy(id)).progress.landed === 2 ? true : undefined,
        );
        rig.commit('main', { 'foreign.txt': 'f\n' });
        writeFileSync(go, '');
        const stalled = await stage.rest(id);
        expect(stalled).toMatchObject({ status: 'stalled', progress: { landed: 3, failed: 1 } });
        expect(Math.max(...partsOnMain(rig))).toBe(0);
        rmSync(red);
        const mended = rig.commit(`integration/${id}`, { 'mended.txt': 'm\n' }, { from: `integration/${id}` });
        await stage.api.must('POST', `/v1/convoys/${id}/retry`);
        const landed = await stage.rest(id);
        expect(landed).toMatchObject({ status: 'landed', progress: { total: 4, landed: 4 } });
        expect(landingOf(landed)).toMatchObject({ attempt: 2, notes: [{ cause: 'gate_failed' }] });
        expect(rig.git('log', '-1', '--format=%P', 'main')).toContain(mended);
      },
    );
  });
});
