/** A webhook whose signature was verified: what it says is taken once, however often it is sent. */
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import type { Heard } from '../../core/rigs/webhooks.ts';
import { recordOf, type Step, together, upsert } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { targetsOf } from './commands.ts';
import { takePullRequest } from './pull-requests.ts';
import { takeStatus } from './statuses.ts';
import { queueWakes } from './wakes.ts';

export interface Delivery {
  readonly rig: Rig;
  /** Hash of the bytes that were signed. A delivery's id is not among them, so a repeat could bear another. */
  readonly signedHash: string;
  readonly by: string;
  readonly heard: Exclude<Heard, { heard: 'nothing' }>;
}

interface Hearing {
  readonly repeated: boolean;
  /** Older than what is known of its check, by its sender's clock: it changed nothing. */
  readonly late: boolean;
}

/** What was heard is recorded in the transaction that acts on it. */
export const hearWebhook = (deps: CommandDeps, delivery: Delivery): Promise<Hearing> =>
  runCommand<Hearing>(deps, 'webhook', async (now) => {
    const key = keys.idempotency(`webhook/${delivery.rig.name}`, delivery.signedHash);
    const seen = recordOf<object>(await deps.ledger.get(key));
    if (seen?.expiresAt !== undefined && seen.expiresAt > now) return { result: { repeated: true, late: false } };
    const once = upsert(key, seen, { by: delivery.by }, { expiresAt: now + limits.webhookKeptMs });
    const acted = await stepOf(deps.ledger, delivery, now);
    return { step: together({ changes: [once] }, acted), result: { repeated: false, late: acted === undefined } };
  });

async function stepOf(ledger: Ledger, { rig, heard, by }: Delivery, now: Instant): Promise<Step | undefined> {
  if (heard.heard === 'status') return (await takeStatus(ledger, rig, { ...heard, by }, now)).step;
  if (heard.heard === 'pull_request') return takePullRequest(ledger, rig, { ...heard, by }, now);
  const targets = await targetsOf(ledger, rig);
  const woken = targets.filter((target) => heard.branch === undefined || heard.branch === target);
  return { changes: [], effects: queueWakes(rig.name, woken) };
}
