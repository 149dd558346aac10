/** What a bead's gate is about, read from the record or of the code host; and the gate opened, if it may be. */
import type { Bead, Gated } from '../../core/convoys/bead.ts';
import { waitsForPullRequest } from '../../core/convoys/save-bead.ts';
import { TownError, Unavailable } from '../../core/errors.ts';
import { type BeadId, keys, parseBeadId } from '../../core/keys.ts';
import { type Awaited, knock } from '../../core/molecules/gate.ts';
import type { CodeHost, Ledger, Log } from '../../core/ports.ts';
import type { Checks } from '../../core/rigs/checks.ts';
import { type PullRecord, pullRequestName } from '../../core/rigs/pull-requests.ts';
import { recordOf } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

export async function awaitedBy(
  ledger: Ledger,
  { rig }: Bead,
  { type, bead, check, head, pr }: Pick<Gated, 'type' | 'bead' | 'check' | 'head' | 'pr'>,
): Promise<Awaited> {
  if (type === 'bead' && bead !== undefined && parseBeadId(bead)) return { bead: await load.bead(ledger, bead) };
  const named = type === 'pr' ? pullRequestName(pr) : undefined;
  if (named !== undefined) return { pull: recordOf<PullRecord>(await ledger.get(keys.pullRequest(rig, named))) };
  if (type !== 'ci' || check === undefined || head === undefined) return {};
  return { checks: recordOf<Checks>(await ledger.get(keys.checks(rig, head))) };
}

interface GateDeps extends CommandDeps {
  readonly log: Log;
  readonly codeHost?: Pick<CodeHost, 'pullRequest'>;
}

export async function openGate(deps: GateDeps, id: BeadId): Promise<void> {
  const asked = await askHost(deps, id);
  await runCommand<void>(deps, `gate of ${id}`, async (now) => {
    const was = await load.bead(deps.ledger, id);
    if (!was?.body.gate) return { result: undefined };
    const { gate } = was.body;
    const awaited = await awaitedBy(deps.ledger, was.body, gate);
    // The answer may have been so slow that the bead has gone on, and waits for something else.
    const pullNow = asked?.gate.since === gate.since && asked.gate.pr === gate.pr ? asked.pullNow : undefined;
    return { step: knock(was, { ...awaited, pullNow }, now), result: undefined };
  });
}

interface Asked {
  readonly gate: Gated;
  readonly pullNow: Awaited['pullNow'];
}

async function askHost(deps: GateDeps, id: BeadId): Promise<Asked | undefined> {
  const bead = deps.codeHost?.pullRequest ? (await load.bead(deps.ledger, id))?.body : undefined;
  const named = bead && waitsForPullRequest(bead) ? pullRequestName(bead.gate?.pr) : undefined;
  if (!bead?.gate || named === undefined) return undefined;
  return { gate: bead.gate, pullNow: await pullRequestNow(deps, bead, named) };
}

/** A host that does not answer is asked again by the next look. */
async function pullRequestNow(
  { ledger, codeHost, log }: GateDeps,
  bead: Bead,
  named: string,
): Promise<Awaited['pullNow']> {
  const { rig } = await load.rigConfig(ledger, bead.rig);
  try {
    return await codeHost?.pullRequest?.({ rig: rig.name, url: rig.url }, named);
  } catch (error) {
    if (error instanceof TownError) return { unreadable: `${error.what} ${error.remedy}` };
    if (!(error instanceof Unavailable)) throw error;
    log('warn', 'a pull request could not be read', { bead: bead.id, error: error.message });
    return undefined;
  }
}
