import { describe, expect, jest, test } from '@jest/globals';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { beadId, groups, keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { remove } from '../../../core/step.ts';
import { cancelConvoy } from '../../../lambdas/convoys/commands.ts';
import { approveConvoy } from '../../../lambdas/intents/approve.ts';
import { makeHandler } from '../../../lambdas/intents/mayor.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { beadsOf, Crash, convoyOf, effectsOf, eventsOf, lostAnswer, openTown, start, type Town } from './town.ts';

// The largest convoys take a while on a busy machine.
jest.setTimeout(60_000);

const diamond = `# Diamond

- [ ] top: Top
  priority: 0
  accept: it stands
  ${'```sh'}
  touch top
  ${'```'}
- [ ] left: Left
  needs: top
  ${'```sh'}
  touch left
  ${'```'}
- [ ] right: Right
  needs: top
  ${'```sh'}
  touch right
  ${'```'}
- [ ] bottom: Bottom
  needs: left, right
  ${'```sh'}
  touch bottom
  ${'```'}
`;
const wide = (n: number) =>
  `# Wide\n${Array.from({ length: n }, (_, i) => `\n- [ ] b${i}: Bead ${i}\n  \`\`\`sh\n  true ${i}\n  \`\`\`\n`).join('')}`;

async function submitted(text: string, plan: Convoy['plan'] = 'auto', settings: Rig['settings'] = {}) {
  const town = await openTown(settings);
  const { convoy } = await submitIntent(town, { caller: 'ada', text, rig: 'green', plan });
  const mayor = makeHandler(town);
  const op = (name: 'plan' | 'launch' | 'decided') => mayor({ op: name, convoy: convoy.id });
  const waits = (token: string) => mayor({ op: 'await_approval', convoy: convoy.id, token });
  return { town, id: convoy.id, op, waits };
}
const kinds = async (town: Town) => (await eventsOf(town)).map(({ kind }) => kind);
const wakes = async (town: Town) => (await effectsOf(town)).filter((effect) => effect.do === 'wake');
const freed = async (town: Town) =>
  (await effectsOf(town)).flatMap((effect) => (effect.do === 'succeed_task' ? [effect.token] : []));

test('a convoy that lands as one gets a branch for its beads, and one bead more that needs what nobody else needs', async () => {
  const town = await openTown({ 'refinery.target': 'next' });
  const { convoy } = await submitIntent(town, {
    caller: 'ada',
    text: diamond,
    rig: 'green',
    plan: 'auto',
    land: 'convoy',
  });
  await makeHandler(town)({ op: 'plan', convoy: convoy.id });
  const beads = await beadsOf(town, convoy.id);
  expect(beads.map(({ target }) => target)).toEqual([...Array(4).fill(`integration/${convoy.id}`), 'next']);
  expect(beads[4]).toMatchObject({
    id: beadId('gr', convoy.id, 5),
    title: `Land convoy ${convoy.id} on next`,
    type: 'chore',
    needs: [beadId('gr', convoy.id, 4)],
    landsConvoy: true,
  });
});

describe('planning', () => {
  test('writes a bead per task, as it is before anything happened to it', async () => {
    const { town, id, op } = await submitted(diamond, 'auto', { 'refinery.target': 'next', 'budget.per_bead_usd': 3 });
    expect(await op('plan')).toEqual({ go: 'launch' });
    const beads = await beadsOf(town, id);
    const [top, left, right, bottom] = [1, 2, 3, 4].map((n) => beadId('gr', id, n));
    expect(beads.map((bead) => [bead.id, bead.name, bead.needs])).toEqual([
      [top, 'top', []],
      [left, 'left', [top]],
      [right, 'right', [top]],
      [bottom, 'bottom', [left, right]],
    ]);
    expect(beads[3]).toEqual({
      id: bottom,
      rig: 'green',
      convoy: id,
      n: 4,
      name: 'bottom',
      title: 'Bottom',
      type: 'task',
      priority: 2,
      labels: [],
      needs: [left, right],
      blockedBy: [left, right],
      blockedForGood: false,
      runtime: 'shell',
      formula: 'polecat-work',
      budgetUsd: 3,
      costUsd: 0,
      status: 'open',
      attempt: 0,
      run: 0,
      target: 'next',
      failures: 0,
      respawns: 0,
      infraDeaths: 0,
      notes: [],
      createdAt: start,
      spent: { agentMs: 0, gateMs: 0, backoffMs: 0 },
    });
    expect(await load.spec(town.ledger, town.blobs, beads[0]?.id ?? '')).toEqual({
      instructions: '',
      acceptance: ['it stands'],
      script: 'touch top\n',
    });
    expect(await convoyOf(town, id)).toMatchObject({ status: 'planning', title: 'Diamond', progress: { total: 4 } });
    expect(await kinds(town)).toEqual(['intent.submitted', 'convoy.planned']);
  });

  test('repeated writes nothing', async () => {
    const { town, op } = await submitted(diamond);
    await op('plan');
    const commits = town.commits.length;
    expect(await op('plan')).toEqual({ go: 'launch' });
    expect(town.commits).toHaveLength(commits);
  });

  test('keeps a long spec in the blob store', async () => {
    const { town, id, op } = await submitted(
      `# T\n\n- [ ] a: A\n  ${'word '.repeat(2000)}\n  \`\`\`sh\n  true\n  \`\`\`\n`,
    );
    await op('plan');
    const bead = beadId('gr', id, 1);
    const item = await town.ledger.get(keys.beadSpec(bead));
    expect(item?.body).toEqual({ instructions: '', acceptance: [], blob: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const spec = await load.spec(town.ledger, town.blobs, bead);
    expect([spec.instructions.length, spec.script]).toEqual([9999, 'true\n']);
  });

  test('of the largest convoy stays within the transactions of the ledger', async () => {
    const { town, id, op } = await submitted(wide(limits.beadsPerConvoyMax));
    expect(await op('plan')).toEqual({ go: 'launch' });
    expect((await beadsOf(town, id)).map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    for (const { changes } of town.commits) expect(changes.length).toBeLessThan(limits.changesPerCommitMax);
  });

  test('refuses a plan with every fault and its line, and says so', async () => {
    const { town, id, op } = await submitted('# T\n\n- [ ] a: A\n  neds: b\n- [ ] b: B\n  needs: b\n');
    expect(await op('plan')).toEqual({ go: 'refused' });
    const convoy = await convoyOf(town, id);
    expect(convoy.status).toBe('stalled');
    expect(convoy.attentionAt).toBeUndefined();
    expect(convoy.faults?.map(({ code, at }) => `${at} ${code}`)).toEqual([
      'line 3 SCRIPT_MISSING',
      'line 4 FIELD_UNKNOWN',
      'line 5 SCRIPT_MISSING',
      'line 6 NEED_SELF',
    ]);
    expect(convoy.stalledBecause).toContain('(and 3 more)');
    expect(await beadsOf(town, id)).toEqual([]);
    expect(await kinds(town)).toEqual(['intent.submitted', 'convoy.refused']);
    expect([await op('plan'), await op('launch'), await op('decided')]).toEqual(Array(3).fill({ go: 'refused' }));
    await expect(approveConvoy(town, id, 'ada')).rejects.toMatchObject({ code: 'CONVOY_NOT_STAGED' });
  });

  test('keeps the first faults of a hostile intent and counts the others', async () => {
    const { town, id, op } = await submitted(`# T\n${'-[ ] a\n'.repeat(30_000)}`);
    expect(await op('plan')).toEqual({ go: 'refused' });
    const convoy = await convoyOf(town, id);
    expect(convoy.faults).toHaveLength(limits.faultsKeptMax);
    expect(convoy.stalledBecause).toContain('(and 30000 more)');
  });

  test('refuses if the rig has been taken away meanwhile', async () => {
    const { town, id, op } = await submitted(diamond);
    const rig = await town.ledger.get(keys.rig('green'));
    await town.ledger.commit({ id: 'gone', changes: rig ? [remove(rig)] : [] });
    expect(await op('plan')).toEqual({ go: 'refused' });
    expect((await convoyOf(town, id)).faults?.[0]?.code).toBe('RIG_UNKNOWN');
  });

  test('of a convoy that was cancelled does nothing', async () => {
    const { town, id, op } = await submitted(diamond);
    await cancelConvoy(town, id, 'ada');
    expect([await op('plan'), await op('launch'), await op('decided')]).toEqual(Array(3).fill({ go: 'cancelled' }));
    expect(await beadsOf(town, id)).toEqual([]);
  });

  test('stops at the chunk at which the convoy is cancelled, and cannot undo it', async () => {
    const { town, id, op } = await submitted(wide(100));
    let writes = 0;
    town.beforeCommit = async (commit) => {
      if (!commit.changes.some((change) => 'put' in change && change.put.sk.startsWith('BEAD#'))) return;
      writes += 1;
      if (writes === 2) await cancelConvoy(town, id, 'ada');
    };
    expect(await op('plan')).toEqual({ go: 'cancelled' });
    expect(await beadsOf(town, id)).toHaveLength(limits.newBeadsPerCommitMax);
    expect((await convoyOf(town, id)).status).toBe('cancelled');
  });
});

describe('a crash of the planning', () => {
  /** All that a planning leaves, without the versions and commits by which it got there. */
  const outcome = async (town: Town, id: string) => [await convoyOf(town, id), await beadsOf(town, id)];

  test.each([0, 1, 2, 3])('around its commit %i leaves nothing that doing it again does not mend', async (at) => {
    for (const moment of ['beforeCommit', 'afterCommit'] as const) {
      const { town, id, op } = await submitted(wide(100), 'review');
      const before = town.commits.length;
      town[moment] = async () => {
        if (town.commits.length === before + at + 1) throw new Crash();
      };
      await expect(op('plan')).rejects.toThrow(Crash);
      town[moment] = async () => {};
      expect(await op('plan')).toEqual({ go: 'approve' });

      const undisturbed = await submitted(wide(100), 'review');
      await undisturbed.op('plan');
      expect(await outcome(town, id)).toEqual(await outcome(undisturbed.town, undisturbed.id));
      expect((await kinds(town)).filter((kind) => kind === 'convoy.staged')).toHaveLength(1);
    }
  });

  test('with beads of an earlier, other plan replaces them', async () => {
    const { town, id, op } = await submitted(wide(3));
    await op('plan');
    const other = await submitted(wide(2));
    const stray = await town.ledger.query(`CONVOY#${id}`, { prefix: 'BEAD#' });
    const puts = stray.items.map((item, i) => ({
      put: { pk: `CONVOY#${other.id}`, sk: item.sk, body: { stale: i } },
      expect: { absent: true } as const,
    }));
    await other.town.ledger.commit({ id: 'stray', changes: puts });
    expect(await other.op('plan')).toEqual({ go: 'launch' });
    expect((await beadsOf(other.town, other.id)).map(({ name }) => name)).toEqual(['b0', 'b1']);
  });

  test('or a lost answer at every commit changes nothing', async () => {
    const { town, id, op } = await submitted(diamond);
    const seen = new Set<string>();
    town.afterCommit = async ({ id: commit }) => {
      if (seen.has(commit)) return;
      seen.add(commit);
      throw lostAnswer();
    };
    expect(await op('plan')).toEqual({ go: 'launch' });
    expect(await op('launch')).toEqual({ go: 'launch' });
    expect(await beadsOf(town, id)).toHaveLength(4);
    expect(await kinds(town)).toEqual(['intent.submitted', 'convoy.planned', 'convoy.launched']);
  });

  test('that was only slow, while another one did the work, ends in one plan', async () => {
    const { town, id, op } = await submitted(wide(100));
    const answers = await Promise.all([op('plan'), op('plan'), op('plan')]);
    expect(answers).toEqual(Array(3).fill({ go: 'launch' }));
    expect(await beadsOf(town, id)).toHaveLength(100);
    expect((await kinds(town)).filter((kind) => kind === 'convoy.planned')).toHaveLength(1);
  });
});

describe('launching', () => {
  test('opens the convoy in one item and wakes it, once', async () => {
    const { town, id, op } = await submitted(diamond);
    await op('plan');
    town.advance(1000);
    expect([await op('launch'), await op('launch'), await op('plan')]).toEqual(Array(3).fill({ go: 'launch' }));
    expect(await convoyOf(town, id)).toMatchObject({
      status: 'open',
      launchedAt: start + 1000,
      progress: { total: 4, landed: 0 },
      attentionAt: start + 1000 + limits.convoyStuckRepairMs,
    });
    expect(await wakes(town)).toEqual([{ do: 'wake', queue: 'ticks', group: groups.convoy(id) }]);
  });

  test('does not revive a convoy that was cancelled after planning', async () => {
    const { town, id, op } = await submitted(diamond);
    await op('plan');
    await cancelConvoy(town, id, 'ada');
    expect(await op('launch')).toEqual({ go: 'cancelled' });
    expect((await convoyOf(town, id)).status).toBe('cancelled');
  });

  test('of a convoy without a plan is a bug, and opens nothing', async () => {
    const { town, id, op } = await submitted(diamond);
    await expect(op('launch')).rejects.toThrow('BUG');
    expect((await convoyOf(town, id)).status).toBe('planning');
  });
});

describe('a convoy that waits for approval', () => {
  test('is staged, opens when it is approved, and frees its execution', async () => {
    const { town, id, op, waits } = await submitted(diamond, 'review');
    expect(await op('plan')).toEqual({ go: 'approve' });
    expect(await waits('token-1')).toEqual({ go: 'approve' });
    expect(await op('decided')).toEqual({ go: 'approve' });
    expect(await convoyOf(town, id)).toMatchObject({ status: 'staged', token: 'token-1', progress: { total: 4 } });
    expect(await wakes(town)).toEqual([]);

    await approveConvoy(town, id, 'ada');
    await approveConvoy(town, id, 'ada');
    expect(await convoyOf(town, id)).toMatchObject({ status: 'open' });
    expect(await freed(town)).toEqual(['token-1']);
    expect(await wakes(town)).toHaveLength(1);
    expect([await op('decided'), await op('launch')]).toEqual([{ go: 'launch' }, { go: 'launch' }]);
    expect((await eventsOf(town)).at(-1)).toMatchObject({ kind: 'convoy.launched', who: 'ada' });
    expect(await wakes(town)).toHaveLength(1);
  });

  test('opens when it is approved before its execution waits, which then does not wait', async () => {
    const { town, id, op, waits } = await submitted(diamond, 'review');
    await op('plan');
    await approveConvoy(town, id, 'ada');
    expect(await waits('late')).toEqual({ go: 'launch' });
    expect(await freed(town)).toEqual(['late']);
  });

  test('is launched by nobody but a human', async () => {
    const { town, id, op } = await submitted(diamond, 'review');
    await op('plan');
    expect(await op('launch')).toEqual({ go: 'approve' });
    expect((await convoyOf(town, id)).status).toBe('staged');
  });

  test('frees its execution when it is cancelled, and cannot be approved any more', async () => {
    const { town, id, op, waits } = await submitted(diamond, 'review');
    await op('plan');
    await waits('token-1');
    await cancelConvoy(town, id, 'ada');
    expect(await freed(town)).toEqual(['token-1']);
    expect(await op('decided')).toEqual({ go: 'cancelled' });
    await expect(approveConvoy(town, id, 'ada')).rejects.toMatchObject({ code: 'CONVOY_NOT_STAGED', status: 409 });
  });

  test('cannot be approved before it has a plan, nor if there is none', async () => {
    const { town, id } = await submitted(diamond, 'review');
    await expect(approveConvoy(town, id, 'ada')).rejects.toMatchObject({ code: 'CONVOY_NOT_STAGED' });
    await expect(approveConvoy(town, '000000', 'ada')).rejects.toMatchObject({ code: 'CONVOY_UNKNOWN', status: 404 });
  });
});
