/** Who works on the demo's beads, and who answers them and the Mayor: nobody, a model, or a script. */
import { delimiter } from 'node:path';
import { presets } from '../../core/polecats/presets.ts';
import { parseAgent } from '../../core/polecats/runtime.ts';
import type { Json, Model } from '../../core/ports.ts';
import { modelOfEnvironment } from '../../local/model.ts';
import { Refusal } from '../gt/refusal.ts';
import { installAgents, pinnedVersion } from './install-agents.ts';
import type { DemoOptions } from './options.ts';
import { type Answers, rehearse } from './rehearsal/rehearse.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Cast {
  /** For people: who works. */
  readonly agent: string;
  /** Absent where nobody asks. */
  readonly answers?: Answers;
  /** What the rig is told of its agents. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly environment: Environment;
  readonly model: Model | undefined;
}

export const budgetPerBeadUsd = 2;

/** The scripts of the intent are all the agent there is. */
const shell: Cast = { agent: 'shell', settings: {}, environment: process.env, model: undefined };

/** Throws AGENT_UNKNOWN, MODEL_KEY_MISSING or AGENTS_NOT_INSTALLED. */
export async function castOf(
  { agent, rehearsal }: Pick<DemoOptions, 'agent' | 'rehearsal'>,
  say: (line: string) => void,
): Promise<Cast> {
  if (agent === undefined) return shell;
  const model = modelFor(agent);
  if (!rehearsal && !process.env.ANTHROPIC_API_KEY) throw keyMissing(agent);
  const name = `Claude Code ${pinnedVersion(presets.claude.from)}`;
  const bin = await installAgents((dir) => say(`Fetching ${name} from npm, once (some 235 MB): ${dir}`));
  const answers = rehearsal ? await rehearse() : answersOf(process.env, model);
  const environment = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...answers.environment };
  return {
    agent: name,
    answers,
    settings: {
      'agent.runtime': 'claude',
      'budget.per_bead_usd': budgetPerBeadUsd,
      ...(answers.modelId === '' ? {} : { 'agent.model': answers.modelId }),
    },
    environment,
    model: modelOfEnvironment(environment),
  };
}

const answersOf = ({ ANTHROPIC_BASE_URL: url }: Environment, modelId: string): Answers => ({
  by: url || 'https://api.anthropic.com',
  modelId,
  environment: {},
  close: () => Promise.resolve(),
});

/** Of `claude:<model>`; empty: Claude Code's own choice. */
function modelFor(agent: string): string {
  const parsed = parseAgent(agent);
  if (parsed?.runtime === 'claude') return parsed.model;
  throw new Refusal(
    'AGENT_UNKNOWN',
    `The demo brings one agent, claude, and not "${agent}".`,
    'Take --agent claude (or claude:<model>); a town of your own works with others: docs/agents.md.',
  );
}

const keyMissing = (agent: string): Refusal =>
  new Refusal(
    'MODEL_KEY_MISSING',
    `--agent ${agent} asks a model, and ANTHROPIC_API_KEY is not set.`,
    'Set it, or see the same with a scripted model and no key: npm run demo -- --rehearsal.',
  );
