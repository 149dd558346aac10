/** The molecule function: what `molecule.asl.json` calls. `next` decides; `await` stores the token to wait on. */
import type { Bead, Wait } from '../../core/convoys/bead.ts';
import { integrationBranch } from '../../core/convoys/integration.ts';
import { type BeadId, keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { awaitOn } from '../../core/molecules/await.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import { gateOf } from '../../core/molecules/gate.ts';
import { type Go, next } from '../../core/molecules/next.ts';
import { startAgain } from '../../core/molecules/start-again.ts';
import type { Ledger, Oid, Ports } from '../../core/ports.ts';
import type { Queue } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { awaitedBy } from './gate.ts';

export type MoleculeDeps = Pick<Ports, 'ledger' | 'clock' | 'ids'> & {
  /** The Mayor has a model, and reads why beads fail. */
  readonly triages: boolean;
};

export type MoleculeRequest =
  | { readonly op: 'next'; readonly bead: BeadId; readonly run: number; readonly turn: number }
  | {
      readonly op: 'await';
      readonly for: Wait['for'];
      readonly bead: BeadId;
      readonly run: number;
      readonly token: string;
    };

export type MoleculeReply = { readonly go: Go; readonly seconds?: number } | { readonly waiting: true };

export const makeHandler =
  (deps: MoleculeDeps) =>
  async (request: MoleculeRequest): Promise<MoleculeReply> => {
    if (request.op === 'await') return storeToken(deps, request);
    return decideNext(deps, request);
  };

const decideNext = (deps: MoleculeDeps, request: Extract<MoleculeRequest, { op: 'next' }>): Promise<MoleculeReply> =>
  runCommand<MoleculeReply>(deps, `next of ${request.bead}`, async (now) => {
    const { ledger } = deps;
    const bead = await load.bead(ledger, request.bead);
    if (!bead) return { result: { go: 'superseded' } };
    if (request.turn >= limits.moleculeTurnsMax && bead.body.run === request.run)
      return { step: startAgain(bead, 'its history is long', now), result: { go: 'superseded' } };
    const [convoy, { config }, breaker, escalation] = await Promise.all([
      load.convoy(ledger, bead.body.convoy),
      load.rigConfig(ledger, bead.body.rig),
      load.breaker(ledger),
      load.escalation(ledger, beadCause(bead.body.id)),
    ]);
    const tip = bead.body.landsConvoy ? await tipOf(ledger, bead.body) : undefined;
    const { outcome } = bead.body;
    const gate = outcome?.kind === 'phase_complete' ? gateOf(bead.body, outcome, now) : undefined;
    const awaited = gate ? await awaitedBy(ledger, bead.body, gate) : {};
    const { triages } = deps;
    const convoyCreatedAt = convoy?.body.createdAt ?? now;
    const seen = { bead, convoyCreatedAt, config, breaker, escalation, triages, tip, awaited };
    const { go, seconds, step } = next(seen, request.run, deps.ids.ulid(), now);
    return { step, result: { go, ...(seconds === undefined ? {} : { seconds }) } };
  });

/** Where the convoy's own queue saw its branch last, which is after its last change had landed there. */
async function tipOf(ledger: Ledger, { rig, convoy }: Bead): Promise<Oid | undefined> {
  const queue = recordOf<Queue>(await ledger.get(keys.queue(rig, integrationBranch(convoy))))?.body;
  return queue && queue.landedCount > 0 ? queue.lastMain : undefined;
}

const storeToken = (deps: MoleculeDeps, request: Extract<MoleculeRequest, { op: 'await' }>): Promise<MoleculeReply> =>
  runCommand<MoleculeReply>(deps, `wait of ${request.bead}`, async (now) => {
    const bead = await load.bead(deps.ledger, request.bead);
    const wait: Wait = { for: request.for, token: request.token, run: request.run };
    if (bead) return { step: awaitOn(bead, wait, now), result: { waiting: true } };
    return { step: { changes: [], effects: [{ do: 'succeed_task', token: wait.token }] }, result: { waiting: true } };
  });
