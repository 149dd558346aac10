/** What the Mayor reads of a bead that failed, as one message within a stated number of characters. */
import type { AttemptNote, Bead } from '../../convoys/bead.ts';
import { limits } from '../../limits.ts';
import { redact } from '../../redact.ts';
import { cut, cutFront } from '../prompts/cut.ts';
import { fenced } from '../prompts/fence.ts';
import type { Facts } from './facts.ts';

/** An attempt, and what it left behind as text; without that, the town no longer has it. */
export interface Attempt {
  readonly note: AttemptNote;
  readonly evidence?: string;
}

export interface Evidence extends Facts {
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** The decisions of earlier triage, in full, oldest first. */
  readonly earlier: readonly string[];
}

/** The same evidence and nonce give the same text. */
export function openingOf({ bead, spec, beads, attempts, earlier }: Evidence, nonce: string): string {
  const block = (what: string, text: string): string[] => (text === '' ? [] : [fenced(nonce, what, text)]);
  return [
    `Bead ${bead.id} of rig ${bead.rig}, for the branch ${bead.target}, is at the end of its ladder: ${bead.triage?.open?.because ?? ''}.`,
    ...block('bead', beginOf(textOf(bead, spec), limits.triageBeadCharsMax)),
    ...attempts.flatMap(({ note, evidence }) => block(`attempt ${note.attempt}`, attemptText(note, evidence))),
    ...earlier.flatMap((text, i) => block(`earlier decision ${i + 1}`, beginOf(text, limits.triageDecisionCharsMax))),
    ...block('questions that a human answered', answersOf(bead)),
    ...block('beads that need it', beginOf(namesOf(beads, needing(bead)), limits.triageConvoyCharsMax)),
    ...block('other beads of its convoy', beginOf(namesOf(beads, beside(bead)), limits.triageConvoyCharsMax)),
  ].join('\n\n');
}

const textOf = ({ title, type }: Bead, { instructions, acceptance, files = [] }: Facts['spec']): string =>
  [
    `title: ${title}`,
    `type: ${type}`,
    `instructions:\n${instructions}`,
    ...(acceptance.length > 0 ? [`acceptance:\n${acceptance.map((line) => `- ${line}`).join('\n')}`] : []),
    ...(files.length > 0 ? [`files: ${files.join(', ')}`] : []),
  ].join('\n');

const attemptText = ({ polecat, cause, detail }: AttemptNote, evidence: string | undefined): string =>
  [
    `${polecat}: ${cause}: ${said(detail)}`,
    ...(evidence === undefined
      ? []
      : [`what it left, its end:\n${cutFront(redact(evidence), limits.triageEvidenceCharsMax)}`]),
  ].join('\n');

function answersOf({ answered = [], question, answer }: Bead): string {
  const all = answer === undefined ? answered : [...answered, { question: question ?? '', answer }];
  return all.map((one) => `${said(one.question)}\n→ ${said(one.answer)}`).join('\n');
}

const said = (text: string): string => beginOf(text, limits.promptDataCharsMax);

/** Half of a credential has no shape: it is taken out before the cut. */
const beginOf = (text: string, charsMax: number): string => cut(redact(text), charsMax);

const needing =
  ({ id }: Bead) =>
  (other: Bead): boolean =>
    other.needs.includes(id);
const beside = (bead: Bead) => (other: Bead) => other.id !== bead.id && !other.needs.includes(bead.id);
const namesOf = (beads: readonly Bead[], which: (bead: Bead) => boolean): string =>
  beads
    .filter(which)
    .map(({ name, status, title }) => `${name} (${status}): ${title}`)
    .join('\n');
