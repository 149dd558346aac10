/** From what a model handed in to a decision about a bead, or to everything that is wrong with it. */
import type { BeadSpec } from '../../convoys/bead.ts';
import type { PlannedBead } from '../../convoys/plan.ts';
import { graphFaults } from '../../convoys/plan-graph.ts';
import type { Fault } from '../../errors.ts';
import { sha256 } from '../../hash.ts';
import { limits } from '../../limits.ts';
import { type DraftResult, type DraftTown, planOfDraft } from '../mayor-plan/plan-of-draft.ts';
import { type TriageDraft, triageDraftSchema } from './draft.ts';
import { type Facts, roomToSplit } from './facts.ts';

/** What a bead says from here on. */
interface NewText {
  readonly title: string;
  readonly spec: BeadSpec;
}

export type Decision = { readonly why: string; readonly hash: string } & (
  | { readonly verdict: 'rewrite'; readonly text: NewText }
  /** Needs of a part are names of other parts. */
  | { readonly verdict: 'split'; readonly text: NewText; readonly parts: readonly PlannedBead[] }
  | { readonly verdict: 'ask'; readonly question: string }
  | { readonly verdict: 'give_up' }
);

export type DecisionResult = { readonly decision: Decision } | { readonly faults: readonly Fault[] };

/** `input`: what the tool was called with, whatever it is. */
export function decisionOf(input: unknown, facts: Facts): DecisionResult {
  const parsed = triageDraftSchema.safeParse(input);
  if (!parsed.success) return { faults: parsed.error.issues.map(shapeFault) };
  const draft = parsed.data;
  const misplaced = misplacedFields(draft);
  if (misplaced.length > 0) return { faults: misplaced };
  const made = madeOf(draft, facts);
  if ('faults' in made) return made;
  const hash = hashOf(made, draft);
  const twice = repeatedBy(hash, facts);
  return twice ? { faults: [twice] } : { decision: { ...made, hash } };
}

/** It names the keys that the model made up. */
const shownOfMessage = 300;

const shapeFault = ({ path, message }: { path: readonly PropertyKey[]; message: string }): Fault => {
  const at = `/${path.map(String).join('/')}`;
  return {
    code: 'TRIAGE_SHAPE',
    what: `${at}: ${message.slice(0, shownOfMessage)}.`,
    remedy: 'Keep to the schema of submit_triage.',
    at,
  };
};

type Field = 'title' | 'instructions' | 'acceptance' | 'files' | 'parts' | 'question';
const fieldsOf: Readonly<Record<TriageDraft['decision'], { must: readonly Field[]; may: readonly Field[] }>> = {
  rewrite: { must: ['instructions', 'acceptance'], may: ['title', 'files'] },
  split: { must: ['instructions', 'acceptance', 'parts'], may: ['title', 'files'] },
  ask: { must: ['question'], may: [] },
  give_up: { must: [], may: [] },
};
const fields: readonly Field[] = ['title', 'instructions', 'acceptance', 'files', 'parts', 'question'];

function misplacedFields(draft: TriageDraft): Fault[] {
  const { must, may } = fieldsOf[draft.decision];
  return fields.flatMap((field): Fault[] => {
    const given = draft[field] !== undefined;
    if (must.includes(field) && !given)
      return [
        {
          code: 'FIELD_MISSING',
          what: `The decision ${draft.decision} has no ${field}.`,
          remedy: 'Give it, or decide otherwise.',
          at: `/${field}`,
        },
      ];
    if (!given || must.includes(field) || may.includes(field)) return [];
    const what = `The decision ${draft.decision} takes no ${field}.`;
    return [{ code: 'FIELD_MISPLACED', what, remedy: 'Leave it out, or decide otherwise.', at: `/${field}` }];
  });
}

type Made = Decision extends infer D ? (D extends Decision ? Omit<D, 'hash'> : never) : never;

function madeOf(draft: TriageDraft, facts: Facts): Made | { readonly faults: readonly Fault[] } {
  const why = oneLine(draft.why);
  switch (draft.decision) {
    case 'give_up':
      return { verdict: 'give_up', why };
    case 'ask': {
      const question = (draft.question ?? '').replace(/\p{Cc}+/gu, ' ').trim();
      if (question.split(/\s+/).length >= 3) return { verdict: 'ask', why, question };
      const what = 'The question is empty, or no question.';
      return {
        faults: [{ code: 'QUESTION_VAGUE', what, remedy: 'Ask what a human can answer in a line.', at: '/question' }],
      };
    }
    case 'rewrite':
    case 'split':
      return newTexts(draft, facts, why);
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The parts and what is left of the bead are a small plan, judged by the rules of every plan. */
function newTexts(draft: TriageDraft, facts: Facts, why: string): Made | { readonly faults: readonly Fault[] } {
  const { bead, spec } = facts;
  const { parts = [] } = draft;
  const isSplit = draft.decision === 'split';
  const type = bead.type === 'review' ? ('review' as const) : ('task' as const);
  const kept = {
    name: bead.name,
    title: draft.title ?? bead.title,
    instructions: draft.instructions ?? '',
    acceptance: draft.acceptance ?? [],
    files: draft.files ?? [...(spec.files ?? [])],
    needs: parts.map(({ name }) => ({ bead: name, because: 'it was split off from this bead' })),
    type,
  };
  // Neither agent nor money is the draft's to say: both stay what they are.
  const town: DraftTown = { rig: bead.rig, rigs: [bead.rig], runtime: 'command', budgetUsd: 0 };
  const beads = [...parts.map((part) => ({ ...part, type })), kept];
  const planned = planOfDraft({ title: bead.title, beads }, town);
  const own = isSplit ? splitFaults(draft, facts) : [];
  if ('faults' in planned || own.length > 0) return { faults: [...own, ...placed(planned, parts.length)] };
  const newParts = planned.plan.beads.slice(0, -1);
  const last = planned.plan.beads.at(-1);
  if (!last) throw new Error('BUG: a plan lost its last bead');
  const text: NewText = {
    title: last.title,
    spec: {
      ...spec,
      instructions: last.instructions,
      acceptance: last.acceptance,
      ...(last.files && last.files.length > 0 ? { files: last.files } : {}),
    },
  };
  if (!isSplit) return { verdict: 'rewrite', why, text };
  const deep = depthFaults(newParts, facts);
  return deep.length > 0 ? { faults: deep } : { verdict: 'split', why, text, parts: newParts };
}

/** Where the fault is in what was handed in, which is no list of beads. */
const placed = (result: DraftResult, parts: number): Fault[] =>
  'plan' in result
    ? []
    : result.faults.map(({ at, ...fault }) =>
        at === undefined
          ? fault
          : {
              ...fault,
              at: at.replace(/^\/beads\/(\d+)/, (_, i: string) => (Number(i) === parts ? '' : `/parts/${i}`)),
            },
      );

function splitFaults({ parts = [] }: TriageDraft, facts: Facts): Fault[] {
  const room = roomToSplit(facts);
  if (parts.length === 0)
    return [
      {
        code: 'SPLIT_EMPTY',
        what: 'The split has no parts.',
        remedy: 'Name at least one, or rewrite the bead.',
        at: '/parts',
      },
    ];
  if (parts.length > room.parts)
    return [
      {
        code: 'SPLIT_TOO_LARGE',
        what: `The split makes ${parts.length} new beads, and there is room for ${room.parts}: ${room.because}.`,
        remedy: room.parts === 0 ? 'Rewrite the bead, ask, or give it up.' : 'Make fewer.',
        at: '/parts',
      },
    ];
  const taken = new Set(facts.beads.map(({ name }) => name));
  return parts.flatMap(({ name }, i) => {
    if (!taken.has(name)) return [];
    const what = `The convoy has a bead "${name}" already.`;
    return [{ code: 'NAME_DUPLICATE', what, remedy: 'Give the part another name.', at: `/parts/${i}/name` }];
  });
}

/** The whole convoy, as it would be: a split must not make a chain of it that no plan may have. */
function depthFaults(parts: readonly PlannedBead[], { bead, beads }: Facts): Fault[] {
  const names = new Map(parts.map(({ name }) => [name, `part ${name}`]));
  const nodes = [
    ...beads.map(({ id, needs }) => ({ name: id, needs: id === bead.id ? [...needs, ...names.values()] : needs })),
    ...parts.map(({ name, needs }) => ({
      name: names.get(name) ?? name,
      needs: [...bead.needs, ...needs.map((need) => names.get(need) ?? need)],
    })),
  ];
  return graphFaults({ beads: nodes }, new Map(nodes.map(({ name }, i) => [name, i])), limits).map(
    ({ at: _, ...fault }) => fault,
  );
}

const normal = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
type Words = Pick<TriageDraft, 'instructions' | 'parts'>;
const saidIn = (title: string, instructions = '', acceptance: readonly string[] = []): string =>
  [normal(title), normal(instructions), ...acceptance.map(normal).sort()].join('\n');

/**
 * The same for what says the same: spaces, case, marks and the order of checks and parts do not count, and neither does what
 * the town adds to the words.
 */
const hashOf = (made: Made, words: Words): string =>
  sha256(JSON.stringify([made.verdict, ...saidBy(made, words)])).slice(0, 32);

function saidBy(made: Made, { instructions, parts = [] }: Words): readonly string[] {
  switch (made.verdict) {
    case 'rewrite':
      return [saidIn(made.text.title, instructions, made.text.spec.acceptance)];
    case 'split':
      return [
        saidIn(made.text.title, instructions, made.text.spec.acceptance),
        ...made.parts.map(({ title, acceptance }, i) => saidIn(title, parts[i]?.instructions, acceptance)).sort(),
      ];
    case 'ask':
      return [normal(made.question)];
    case 'give_up':
      return [normal(made.why)];
  }
}

function repeatedBy(hash: string, { bead, spec }: Facts): Fault | undefined {
  const asItIs = hashOf({ verdict: 'rewrite', why: '', text: { title: bead.title, spec } }, spec);
  if (hash === asItIs)
    return {
      code: 'TRIAGE_NO_CHANGE',
      what: 'That is what the bead says already.',
      remedy: 'Say what is to be different, or decide otherwise.',
    };
  if (!(bead.triage?.decisions ?? []).some((one) => one.hash === hash)) return undefined;
  return {
    code: 'TRIAGE_TWICE',
    what: 'The same was decided before, and did not help.',
    remedy: 'Decide otherwise.',
  };
}
