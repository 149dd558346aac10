/** What was asked of models: by the town's own meter and, in a rehearsal, by the script that billed it. */
import { counted } from '../../core/feed/words.ts';
import type { ConvoyView } from './convoy.ts';
import type { Answers } from './rehearsal/rehearse.ts';

const dollars = (usd: number): string => `$${usd.toFixed(4)}`;

export function spentText(convoy: ConvoyView, { billed }: Answers): string {
  const { rounds = 0, inputTokens = 0, outputTokens = 0 } = convoy.planning ?? {};
  const planned =
    rounds === 0
      ? 'The plan took no call.'
      : `The plan took ${counted(rounds, 'call')}, ${inputTokens + outputTokens} tokens.`;
  const { costUsd, mayorUsd = 0, report } = convoy;
  const each = report?.landedBeadUsd === undefined ? '' : `, ${dollars(report.landedBeadUsd)} a landed bead`;
  const metered = `The town metered ${dollars(costUsd)} of models, ${dollars(mayorUsd)} of it the Mayor's${each}`;
  if (!billed) return `${planned} ${metered}.`;
  const { usd, calls } = billed();
  return `${planned} ${metered}; its script billed ${dollars(usd)} for ${counted(calls, 'answer')}.`;
}
