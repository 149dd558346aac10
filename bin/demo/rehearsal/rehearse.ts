/** The scripted model as a server on loopback, and what it has billed. */
import { usdOf } from '../../../core/costs/model-usage.ts';
import { roundedUsd } from '../../../core/costs/rounded.ts';
import { MessagesServer } from './messages-server.ts';
import { turnOf } from './script.ts';

export interface Answers {
  /** For people: who answers. */
  readonly by: string;
  /** What agents ask for; empty: their own choice. */
  readonly modelId: string;
  /** What leads there, where the town's own environment does not. */
  readonly environment: Readonly<Record<string, string>>;
  /** To the Mayor and to agents, whose calls the town meters. Absent where no script bills. */
  billed?(): { readonly usd: number; readonly calls: number };
  close(): Promise<void>;
}

const modelId = 'claude-sonnet-4-5';

export async function rehearse(): Promise<Answers> {
  const server = new MessagesServer(turnOf);
  return {
    by: 'scripted model: no model was called',
    modelId,
    environment: {
      ANTHROPIC_BASE_URL: await server.listen(),
      ANTHROPIC_API_KEY: 'no-key-is-needed-in-a-rehearsal',
      ANTHROPIC_MODEL: modelId,
    },
    billed() {
      const usd = server.billed.reduce((sum, { model, usage }) => sum + usdOf(model, usage), 0);
      return { usd: roundedUsd(usd), calls: server.billed.length };
    },
    close: () => server.close(),
  };
}
