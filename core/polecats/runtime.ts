/** Which agent an attempt gets: the rig's, the bead's own, or that of the ladder's rung; and the model that it asks for. */
import type { Bead } from '../convoys/bead.ts';
import type { RigConfig } from '../rigs/rig.ts';

/** Agents whose command the harness knows (`presets.ts`); all of them work from a prompt. */
export const presetNames = ['claude', 'codex', 'gemini', 'opencode'] as const;
export type PresetName = (typeof presetNames)[number];

/** `shell` runs the bead's own script, `command` the rig's `agent.command`. */
export const runtimes = ['shell', 'command', ...presetNames] as const;
export type Runtime = (typeof runtimes)[number];

/** As the provider spells it; nothing that a command line could read as an option or a second word. */
export const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$/;

export interface Agent {
  readonly runtime: Runtime;
  /** Empty: the agent's own default. */
  readonly model: string;
}

/** `claude`, or with a model `claude:opus`; undefined if it names no agent. */
export function parseAgent(words: string): Agent | undefined {
  const [name = '', ...rest] = words.split(':');
  const runtime = runtimes.find((known) => known === name);
  if (runtime === undefined) return undefined;
  if (rest.length === 0) return { runtime, model: '' };
  const model = rest.join(':');
  return runtime !== 'shell' && modelPattern.test(model) ? { runtime, model } : undefined;
}

type Choice = Pick<RigConfig, 'agent.runtime' | 'agent.model' | 'agent.command' | 'retry.same_agent' | 'retry.agents'>;

/** The rig's agent for work that has no script; undefined where the rig only runs scripts. */
export function promptRuntime(config: Pick<RigConfig, 'agent.runtime' | 'agent.command'>): Runtime | undefined {
  const preset = presetNames.find((name) => name === config['agent.runtime']);
  return preset ?? (config['agent.command'].includes('{script}') ? undefined : 'command');
}

/** The agent of the bead's next attempt. A model of the rig's goes to the rig's agent alone: others do not know it. */
export function agentOf(
  bead: Pick<Bead, 'runtime' | 'failures' | 'resolves' | 'landsConvoy'>,
  config: Choice,
): Agent | undefined {
  const rungs = config['retry.agents'];
  const fresh = bead.failures - config['retry.same_agent'];
  const rung = fresh > 0 ? rungs[Math.min(fresh, rungs.length) - 1] : undefined;
  const planned = bead.resolves || bead.landsConvoy ? (promptRuntime(config) ?? bead.runtime) : bead.runtime;
  const agent = parseAgent(rung ?? planned);
  const isTheRigs = agent?.model === '' && agent.runtime === config['agent.runtime'];
  return isTheRigs ? { ...agent, model: config['agent.model'] } : agent;
}
