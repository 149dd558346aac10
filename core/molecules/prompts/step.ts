import type { Molecule, MoleculeStep } from '../../formulas/molecule.ts';
import { fenced } from './fence.ts';

export interface StepPrompt {
  /** The bead's own prompt. */
  readonly bead: string;
  readonly molecule: Molecule;
  readonly step: MoleculeStep;
  readonly done: ReadonlySet<string>;
  /** Why its last try did not count. */
  readonly failed?: string | undefined;
  /** What opened the gate before it. */
  readonly opened?: string | undefined;
}

/** What programs printed and others wrote. Bounded where it was cut to be kept. */
const said = (text: string): string => fenced(text, Number.POSITIVE_INFINITY);

/** The prompt of one step: the bead's, then what of it is to be done now. */
export function stepPromptOf({ bead, molecule, step, done, failed, opened }: StepPrompt): string {
  const steps = molecule.steps.filter(({ skipped }) => skipped === undefined);
  const alone = steps.length === 1;
  const list = steps.map(({ id, title }) => `- ${done.has(id) ? 'done' : id === step.id ? 'NOW' : 'later'}: ${title}`);
  const parts = [
    bead.trimEnd(),
    alone ? '## How to work' : `## This step: ${step.title}`,
    alone
      ? ''
      : `You do one step of the bead, \`${step.id}\`, and no other; then run \`gt done\`.\n\n${list.join('\n')}`,
    step.description.trim(),
    step.acceptance.length === 0
      ? ''
      : `The step is done when:\n\n${step.acceptance.map((line) => `- ${line}`).join('\n')}`,
    step.until === undefined ? '' : `It is repeated until this passes: \`${step.until}\``,
    step.check === undefined ? '' : `After you this is run, and must pass: \`${step.check}\``,
    opened === undefined ? '' : `What you waited for has come:\n\n${said(opened)}`,
    failed === undefined ? '' : `## Your last try was not enough\n\n${said(failed)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
