/** The Mayor: what the state machines ask for, one operation each. All of them may be repeated at any time. */
import type { Convoy } from '../../core/convoys/convoy.ts';
import { never } from '../../core/errors.ts';
import type { ModelCaps } from '../../core/intents/model-money.ts';
import { launch } from '../../core/intents/planning.ts';
import type { BeadId, ConvoyId } from '../../core/keys.ts';
import type { Ledger, Ports } from '../../core/ports.ts';
import { replace } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import type { FormulaDeps } from './formula-faults.ts';
import { planConvoy } from './plan-convoy.ts';
import { triageBead } from './triage-bead.ts';

/** Without a model it plans checklists only; without a repository to read it does not check their formulas. */
export type MayorDeps = Pick<Ports, 'ledger' | 'blobs' | 'clock' | 'ids'> &
  Partial<Pick<Ports, 'model' | 'repo'>> & {
    readonly caps: Pick<ModelCaps, 'dayBudgetUsd'>;
    readonly formulas?: FormulaDeps;
  };

export type MayorEvent =
  | { readonly op: 'plan' | 'launch' | 'decided'; readonly convoy: ConvoyId }
  | { readonly op: 'await_approval'; readonly convoy: ConvoyId; readonly token: string }
  /** The molecule's machine asks this one; its record says what came of it. */
  | { readonly op: 'triage'; readonly bead: BeadId; readonly run: number };

/** What the machine does next. */
export interface MayorAnswer {
  readonly go: 'plan' | 'launch' | 'approve' | 'refused' | 'cancelled' | 'triaged';
}

export const makeHandler =
  (deps: MayorDeps) =>
  async (event: MayorEvent): Promise<MayorAnswer> => {
    switch (event.op) {
      case 'plan':
        await planConvoy(deps, event.convoy);
        break;
      case 'launch':
        await launchPlanned(deps, event.convoy);
        break;
      case 'await_approval':
        await awaitApproval(deps, event.convoy, event.token);
        break;
      case 'decided':
        break;
      case 'triage':
        await triageBead(deps, event.bead, event.run);
        return { go: 'triaged' };
      default:
        return never(event);
    }
    return { go: goOf(await theConvoy(deps.ledger, event.convoy)) };
  };

/** The record is the answer: whoever wrote it last, and however often this is asked. */
function goOf(convoy: Convoy): MayorAnswer['go'] {
  switch (convoy.status) {
    case 'staged':
      return 'approve';
    case 'cancelled':
      return 'cancelled';
    case 'stalled':
      return convoy.launchedAt === undefined ? 'refused' : 'launch';
    case 'planning':
      return convoy.progress.total === 0 ? 'plan' : 'launch';
    case 'open':
    case 'landed':
      return 'launch';
    default:
      return never(convoy.status);
  }
}

/** Nothing to do if it is open, was cancelled, or waits for a human. */
const launchPlanned = (deps: MayorDeps, id: ConvoyId): Promise<void> =>
  runCommand<void>(deps, `launch of ${id}`, async (now) => {
    const was = await load.convoy(deps.ledger, id);
    if (was?.body.status !== 'planning') return { result: undefined };
    if (was.body.progress.total === 0) throw new Error(`BUG: launch of convoy ${id}, which has no plan`);
    return { step: launch(was, 'mayor', now), result: undefined };
  });

/** Keeps the token for whoever decides; if someone has decided already, the execution goes on at once. */
const awaitApproval = (deps: MayorDeps, id: ConvoyId, token: string): Promise<void> =>
  runCommand<void>(deps, `approval of ${id}`, async () => {
    const was = await load.convoy(deps.ledger, id);
    if (was?.body.status !== 'staged') {
      return { step: { changes: [], effects: [{ do: 'succeed_task', token }] }, result: undefined };
    }
    if (was.body.token === token) return { result: undefined };
    return { step: { changes: [replace(was, { ...was.body, token })] }, result: undefined };
  });

async function theConvoy(ledger: Ledger, id: ConvoyId): Promise<Convoy> {
  const convoy = await load.convoy(ledger, id);
  if (!convoy) throw new Error(`BUG: intent of convoy ${id}, which does not exist`);
  return convoy.body;
}
