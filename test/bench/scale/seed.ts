/** Fills a ledger with a town's past and present, as its own commands would have left it. */
import type { Bead } from '../../../core/convoys/bead.ts';
import { beadId, convoyAlphabet, keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import { nameAt } from '../../../core/polecats/polecat.ts';
import type { Change, Instant, Ledger } from '../../../core/ports.ts';
import type { MergeRequest } from '../../../core/refinery/records.ts';
import { standInLine } from '../../../core/scheduler/line.ts';
import { asJson, create } from '../../../core/step.ts';
import { beadOf, convoyOf, itemOf } from '../../core/fixtures.ts';

export const rig = 'bench';
const beadsPerConvoy = 20;
/** One convoy in twenty is open: of its beads 4 have landed, 4 are at work, 4 stand in line, 8 wait for others. */
const openEvery = 20;
const landedBelow = 4;
const workingBelow = 8;
const inLineBelow = 12;
const minutes = 60_000;

export interface Seeded {
  /** Polecats at work. */
  readonly atWork: number;
}

export async function seed(ledger: Ledger, beads: number, now: Instant): Promise<Seeded> {
  const convoys = Math.ceil(beads / beadsPerConvoy);
  let atWork = 0;
  const write = writer(ledger);
  for (let c = 0; c < convoys; c += 1) {
    const id = convoyIdOf(c);
    const open = c % openEvery === 0;
    const total = Math.min(beadsPerConvoy, beads - c * beadsPerConvoy);
    const createdAt = now - (open ? 30 : 60 + c) * minutes;
    const progress = { total, landed: open ? landedBelow : total, failed: 0, cancelled: 0, blocked: 0 };
    const convoy = convoyOf({ id, rig, title: `Convoy ${c}`, progress, createdAt, launchedAt: createdAt });
    const body = open ? convoy.body : { ...convoy.body, status: 'landed', closedAt: createdAt };
    await write(
      create(keys.convoy(id), body, open ? { attentionAt: now + limits.convoyStuckRepairMs } : {}),
      create(keys.convoyListing(createdAt, id), { id, rig, title: convoy.body.title, createdAt }),
    );
    for (let n = 1; n <= total; n += 1) {
      const bead = beadIn(id, n, createdAt);
      await write(
        create(keys.beadSpec(bead.id), { instructions: 'Do as the title says. '.repeat(20), acceptance: [] }),
      );
      if (!open || n <= landedBelow) await write(...landed(bead, now));
      else if (n <= workingBelow) {
        await write(...working(bead, nameAt(atWork), now));
        atWork += 1;
      } else if (n <= inLineBelow) {
        const stood = standInLine(bead, now - 5 * minutes);
        await write(create(keys.bead(bead.id), stood.bead), stood.change);
      } else await write(create(keys.bead(bead.id), { ...bead, needs: [beadId(rig, id, workingBelow)] }));
    }
  }
  await write(
    create(keys.rig(rig), {
      name: rig,
      prefix: rig,
      url: '/bench.git',
      defaultBranch: 'main',
      // One slot is free, and taken and given back in turn.
      settings: { 'polecats.max': atWork + 1 },
      addedAt: now,
    }),
    create(keys.rigListing(rig), { name: rig, prefix: rig, url: '/bench.git', addedAt: now }),
    create(keys.capacity(), { working: { [rig]: atWork } }),
  );
  await write.flush();
  return { atWork };
}

function convoyIdOf(c: number): string {
  const digit = (place: number): string => convoyAlphabet.charAt(Math.floor(c / 32 ** place) % 32);
  return `z${[4, 3, 2, 1, 0].map(digit).join('')}`;
}

function beadIn(convoy: string, n: number, createdAt: Instant): Bead {
  const id = beadId(rig, convoy, n);
  return beadOf(n, { id, rig, convoy, createdAt, title: `Bead ${n} of a convoy, as people write it` }).body;
}

const commit = 'a'.repeat(40);

/** A bead that has landed, its history and its merge request. */
function landed(bead: Bead, now: Instant): Change[] {
  const seq = `${bead.convoy}${String(bead.n).padStart(20, '0')}`;
  const done: Bead = {
    ...bead,
    status: 'closed',
    closedReason: 'merged',
    attempt: 1,
    run: 1,
    commit,
    branch: `polecat/Toast/${bead.id}@1`,
    polecat: 'Toast',
    mergeRequest: seq,
    closedAt: bead.createdAt,
  };
  const request: MergeRequest = {
    seq,
    bead: bead.id,
    attempt: 1,
    convoy: bead.convoy,
    title: bead.title,
    polecat: 'Toast',
    priority: 2,
    convoyCreatedAt: bead.createdAt,
    branch: `polecat/Toast/${bead.id}@1`,
    head: commit,
    state: 'landed',
    because: 'landed',
    retries: 0,
    submittedAt: bead.createdAt,
    endedAt: bead.createdAt,
    commit,
  };
  const event = { kind: 'bead.closed', who: 'refinery', text: `${bead.id} landed: ${bead.title}`, at: bead.createdAt };
  return [
    create(keys.bead(bead.id), done),
    create(keys.beadHistory(bead.id, seq), event),
    create(keys.feed(bead.createdAt, seq), event, { expiresAt: now + limits.feedKeptMs }),
    create(keys.endedMergeRequest(rig, 'main', seq), request, { expiresAt: now + limits.endedRequestKeptMs }),
  ];
}

/** Hooked, claimed, and with a beat of this moment: nothing of it is due. */
function working(bead: Bead, name: string, now: Instant): Change[] {
  const admitted = { ...bead, run: 1, admittedAt: now };
  const was = itemOf(keys.bead(bead.id), admitted, 0);
  const { bead: hooked, polecat } = hookBead(was, { name, token: `token-${name}`, tokenHash: '' }, now);
  return [
    create(keys.bead(bead.id), { ...hooked, status: 'in_progress' }, { attentionAt: now + limits.moleculeCheckMs }),
    create(keys.polecat(name), { ...polecat, taskId: `task-${name}` }, { attentionAt: now + limits.coldStartMs }),
    { put: { ...keys.beat(name), body: asJson(beatOf(hooked, now)) }, expect: { any: true } },
    create(keys.polecatListing(name), { name, bead: bead.id, rig }),
  ];
}

export const beatOf = ({ id, attempt }: Pick<Bead, 'id' | 'attempt'>, now: Instant) => ({
  bead: id,
  attempt,
  at: now,
  state: 'working',
  step: 'agent',
  costUsd: 0,
  outputBytes: 1,
  activeAt: now,
  tail: 'working\n'.repeat(20),
  logChunks: [],
});

/** Commits what it is given in chunks as large as they may be, a few at once. */
function writer(ledger: Ledger) {
  let chunk: Change[] = [];
  let under: Promise<unknown>[] = [];
  let commits = 0;
  const send = async (): Promise<void> => {
    commits += 1;
    under.push(ledger.commit({ id: `seed-${commits}`, changes: chunk }));
    chunk = [];
    if (under.length < limits.commitsPerWriteMax) return;
    await Promise.all(under);
    under = [];
  };
  const write = async (...changes: readonly Change[]): Promise<void> => {
    if (chunk.length + changes.length > limits.changesPerCommitMax) await send();
    chunk.push(...changes);
  };
  return Object.assign(write, {
    async flush(): Promise<void> {
      if (chunk.length > 0) await send();
      await Promise.all(under);
    },
  });
}
