/** A code host made of status reports: what any CI told the API about a commit is what is known of it. */
import { keys } from '../core/keys.ts';
import type { Check, CodeHost, Ledger } from '../core/ports.ts';
import { recordOf } from '../core/step.ts';

/** The body of `CHECKS#<rig>#<commit> REPORTS`. */
interface Reports {
  readonly reports: Readonly<Record<string, Omit<Check, 'name'>>>;
}

const noCredential: CodeHost['gitCredential'] = async () => undefined;

export const makeReportedChecks = (
  ledger: Pick<Ledger, 'get'>,
  gitCredential: CodeHost['gitCredential'] = noCredential,
): CodeHost => ({
  async checks({ rig }, commit) {
    const item = recordOf<Reports>(await ledger.get(keys.checks(rig, commit)));
    return Object.entries(item?.body.reports ?? {}).map(([name, report]) => ({ name, ...report }));
  },
  /** Reports say nothing of branch protection. */
  requiredChecks: async () => undefined,
  gitCredential,
});
