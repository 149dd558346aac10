/** A town of one size on a ledger on disk, and the five commands that are measured: the real handlers, fed by hand. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EffectRecord } from '../../../core/effects.ts';
import { beadId, keys, kindOf } from '../../../core/keys.ts';
import { nameAt, type Polecat } from '../../../core/polecats/polecat.ts';
import type { Clock, Fleet, Item, Workflows } from '../../../core/ports.ts';
import { asJson, recordOf, replace } from '../../../core/step.ts';
import { makeTick as makeConvoyTick } from '../../../lambdas/convoys/convoys.ts';
import { makeHandler as makeMayor } from '../../../lambdas/intents/mayor.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { makeHandler as makeMolecule } from '../../../lambdas/molecules/molecule.ts';
import { runCommand } from '../../../lambdas/platform/command.ts';
import { makeHandler as makeEffects } from '../../../lambdas/platform/effects.ts';
import { makeHandler as makeFleet } from '../../../lambdas/polecats/fleet.ts';
import { acceptReport } from '../../../lambdas/polecats/protocol.ts';
import { makeTick as makeSchedulerTick } from '../../../lambdas/scheduler/scheduler.ts';
import { makeHandler as makeWitness } from '../../../lambdas/witness/witness.ts';
import { makeDirectoryBlobs } from '../../../local/blobs.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { metered, type Used } from './meter.ts';
import { beatOf, rig, seed } from './seed.ts';

export const operations = ['submit', 'ready', 'hook', 'close', 'patrol'] as const;
export type Operation = (typeof operations)[number];
export type Sample = Used & { readonly ms: number };

export interface ScaleTown {
  /** Runs each operation once; leaves as much at work, and as many free slots, as it found. */
  round(): Promise<Readonly<Record<Operation, Sample>>>;
  close(): Promise<void>;
}

/** Items that are due in each patrol, however many exist. */
const dueItems = 10;
const head = 'b'.repeat(40);

const intent = `# Ten beads\n\n- [ ] first: The first\n  priority: 0\n\n${Array.from(
  { length: 9 },
  (_, i) => `- [ ] b${i}: Another\n  needs: ${i === 0 ? 'first' : 'b0'}\n  priority: 4\n`,
).join('\n')}`.replace(/(?<=priority: \d\n)/g, '\n  ```sh\n  true\n  ```\n');

export async function openTown(beads: number): Promise<ScaleTown> {
  const dir = await mkdtemp(join(tmpdir(), 'gastown-scale-'));
  let now = Date.UTC(2026, 10, 1);
  const clock: Clock = { now: () => now, sleep: async () => {} };
  const ids = realIds(clock);
  const stored = await openLedger({ location: join(dir, 'ledger'), sync: false, clock });
  const { atWork } = await seed(stored, beads, now);
  const ledger = metered(stored);
  const common = { ledger, clock, ids, log: () => {} };
  const blobs = makeDirectoryBlobs(join(dir, 'blobs'));

  const fresh: Item<EffectRecord>[] = [];
  stored.onCommitted((put) => {
    for (const item of put)
      if (kindOf(item) === 'effect' && item.version === 1) fresh.push(item as unknown as Item<EffectRecord>);
  });
  const workflows: Workflows = {
    start: async () => 'started',
    succeed: async () => 'done',
    fail: async () => 'done',
    stop: async () => {},
    describe: async () => 'running',
  };
  const fleet: Fleet = {
    launch: async ({ clientToken }) => ({ ok: true, taskId: clientToken }),
    stop: async () => {},
    list: async (taskIds) => taskIds.map((taskId) => ({ taskId, state: 'running' })),
  };
  const queues = { send: async () => {} };
  const effects = makeEffects({
    ...common,
    queues,
    workflows,
    fleet,
    notifier: { publish: async () => {} },
    launchGate: async () => {},
  });
  const mayor = makeMayor({ ...common, blobs, caps: { dayBudgetUsd: 0 } });
  const molecule = makeMolecule({ ...common, triages: false });
  const convoyTick = makeConvoyTick(common);
  const schedulerTick = makeSchedulerTick({ ...common, caps: { polecatsPerTown: 100_000, dayBudgetUsd: 0 } });
  const sling = makeFleet({ ...common, fleet, queues, apiUrl: () => 'http://town', secretOf: () => undefined });
  const witness = makeWitness({ ...common, workflows, fleet, performEffects: effects });

  const message = (body: object) => ({
    Records: [{ messageId: 'm', body: JSON.stringify(body), attributes: { ApproximateReceiveCount: '1' } }],
  });
  /** What the stream would hand over: part of the cost of whatever wrote it. */
  async function perform(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (fresh.length === 0) return;
      await effects(fresh.splice(0));
    }
  }
  async function measured(work: () => Promise<unknown>): Promise<Sample> {
    ledger.take();
    const from = performance.now();
    await work();
    await perform();
    const ms = performance.now() - from;
    return { ms, ...ledger.take() };
  }
  /** Ten polecats whose deadline has passed, and which have beaten a moment ago. */
  async function makeDue(): Promise<void> {
    for (let i = 0; i < dueItems; i += 1) {
      const was = recordOf<Polecat>(await stored.get(keys.polecat(nameAt(i))));
      if (!was) throw new Error(`no polecat ${nameAt(i)}: ${atWork} are at work, ${dueItems} are needed`);
      const beat = { ...keys.beat(nameAt(i)), body: asJson(beatOf({ ...was.body, id: was.body.bead }, now)) };
      await stored.commit({
        id: ids.ulid(),
        changes: [replace(was, was.body, { attentionAt: now }), { put: beat, expect: { any: true } }],
      });
    }
  }

  return {
    async round() {
      now += 1000;
      let convoy = '';
      const submit = await measured(async () => {
        const submitted = await submitIntent({ ...common, blobs }, { caller: 'max', text: intent, rig, plan: 'auto' });
        convoy = submitted.convoy.id;
        await mayor({ op: 'plan', convoy });
        await mayor({ op: 'launch', convoy });
      });
      const bead = beadId(rig, convoy, 1);
      const ready = await measured(async () => {
        await convoyTick(convoy);
        await schedulerTick(rig);
      });
      const hook = await measured(() => sling(message({ bead, run: 1, token: `token-${bead}` })));
      await acceptReport(
        { ...common, blobs },
        {
          status: 'completed',
          subject: { kind: 'polecat', bead, attempt: 1 },
          head,
          costUsd: 0,
          agentMs: 1,
          log: [],
          tail: '',
        },
      );
      await molecule({ op: 'next', bead, run: 1, turn: 2 });
      await perform();
      const close = await measured(async () => {
        await runCommand<void>(common, 'landing', async () => ({
          step: {
            changes: [],
            effects: [{ do: 'settle_bead', bead, attempt: 1, outcome: { kind: 'landed', commit: head } }],
          },
          result: undefined,
        }));
        await perform();
        await convoyTick(convoy);
      });
      const closed = await stored.get(keys.bead(bead));
      if ((closed?.body as { status?: string } | undefined)?.status !== 'closed')
        throw new Error(`${bead} did not close`);
      await makeDue();
      let looked = 0;
      const patrol = await measured(async () => {
        looked = (await witness({ kind: 'patrol' })).looked;
      });
      if (looked !== dueItems) throw new Error(`${looked} items were due, not ${dueItems}`);
      return { submit, ready, hook, close, patrol };
    },
    async close() {
      await stored.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
