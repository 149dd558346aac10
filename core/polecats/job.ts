/** What a polecat is told to do, from the record: the same answer however often it asks. */
import type { Bead, BeadSpec } from '../convoys/bead.ts';
import { typesWithoutCode } from '../convoys/bead.ts';
import { integrationBranch } from '../convoys/integration.ts';
import { type MoleculeRecord, progressOf } from '../formulas/progress.ts';
import { limits } from '../limits.ts';
import { type Background, promptOf } from '../molecules/prompts/polecat-work.ts';
import { type Intent, resolvePromptOf } from '../molecules/prompts/resolve-conflict.ts';
import { targetOf } from '../rigs/config.ts';
import type { Rig, RigConfig } from '../rigs/rig.ts';
import type { Polecat } from './polecat.ts';
import type { PolecatJob } from './protocol.ts';
import { agentOf, presetNames } from './runtime.ts';

/** `intents`: of the beads on either side of the conflict, for a bead that resolves one; the author's first. `known`: see `promptOf`. */
export function jobOf(
  bead: Bead,
  spec: BeadSpec,
  polecat: Polecat,
  {
    rig,
    config,
    intents,
    known = {},
    molecule,
  }: {
    rig: Rig;
    config: RigConfig;
    intents: readonly Intent[];
    known?: Background;
    molecule?: MoleculeRecord | undefined;
  },
): PolecatJob {
  const { resolves } = bead;
  const branch = integrationBranch(bead.convoy);
  return {
    kind: 'polecat',
    bead: bead.id,
    attempt: polecat.attempt,
    polecat: polecat.name,
    rig: rig.name,
    remoteUrl: rig.url,
    branch: polecat.branch,
    // What an earlier resolver left half done is no start: it may have markers in it, or no merge.
    startFrom: resolves?.head ?? bead.head ?? (bead.landsConvoy ? branch : bead.target),
    target: bead.target,
    ...(bead.target === branch ? { targetBase: targetOf(rig) } : {}),
    ...(resolves ? { merge: resolves.base } : {}),
    author: { name: polecat.name, email: `${polecat.name.toLowerCase()}@polecats.gastown.invalid` },
    commitMessage: `${bead.title}\n\nBead: ${bead.id}\nAttempt: ${polecat.attempt}\n`,
    ...commandOf(bead, config),
    prompt: resolves ? resolvePromptOf(bead, resolves, spec, intents) : promptOf(bead, spec, known),
    script: spec.script ?? null,
    timeoutMs: config['agent.timeout_s'] * 1000,
    beatEveryMs: limits.heartbeatEveryMs,
    allowsNoChange: typesWithoutCode.has(bead.type),
    // Of its own budget what is left, and no more than convoy and day had room for.
    budgetUsd: bead.reservedUsd ?? 0,
    ...(followsFormula(bead, spec) ? stepsOf(bead, spec, molecule) : {}),
  };
}

/** A script is one step, whatever formula its bead names; who resolves or lands has a prompt of his own. */
const followsFormula = ({ resolves, landsConvoy, runtime }: Bead, { script }: BeadSpec): boolean =>
  script === undefined && resolves === undefined && landsConvoy === undefined && runtime !== 'shell';

function stepsOf(
  { formula, head, gate, notes }: Bead,
  { vars = {} }: BeadSpec,
  molecule: MoleculeRecord | undefined,
): Pick<PolecatJob, 'formula' | 'progress' | 'opened'> {
  // Steps that are done, and have changed nothing all together, are to be done again.
  const progress = notes.at(-1)?.cause === 'empty_result' ? undefined : progressOf(molecule, head);
  return {
    formula: { name: formula, vars },
    ...(progress === undefined ? {} : { progress }),
    ...(gate?.openedAt === undefined
      ? {}
      : { opened: { because: gate.because ?? '', ...(gate.step === undefined ? {} : { step: gate.step }) } }),
  };
}

function commandOf(bead: Bead, config: RigConfig): Pick<PolecatJob, 'agent' | 'preset'> {
  const { runtime, model } = agentOf(bead, config) ?? { runtime: 'command', model: '' };
  const name = presetNames.find((known) => known === runtime);
  if (name) return { agent: [], preset: { name, ...(model === '' ? {} : { model }) } };
  if (runtime === 'shell') return { agent: ['sh', '-eu', '{script}'] };
  return { agent: words(config['agent.command']).map((word) => word.replaceAll('{model}', model)) };
}

/** argv of a command line: words, with single or double quotes around those that hold spaces. No expansion. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
