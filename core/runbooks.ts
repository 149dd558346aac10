/** What humans are told of, and the heading of docs/runbooks that says what to do about it. */

export type Runbook =
  | 'api'
  | 'convoys'
  | 'intents'
  | 'molecules'
  | 'platform'
  | 'polecats'
  | 'refinery'
  | 'scheduler'
  | 'witness';

export interface Place {
  readonly runbook: Runbook;
  readonly heading: string;
}

const at = (runbook: Runbook, heading: string): Place => ({ runbook, heading });

/** By the cause of an escalation, in which `*` is a name, or several; of two that fit the first one counts. */
export const escalationRunbooks = {
  'town/breaker': at('scheduler', 'The failure breaker is open'),
  'rig/*/no-progress': at('scheduler', 'Ready beads and nobody works on them'),
  'fleet/no-room': at('polecats', 'The fleet has no room'),
  'bead/*/stuck': at('polecats', 'A polecat says that it is stuck'),
  'bead/*': at('molecules', 'A bead asks, or was given up'),
  'molecules/execution-failed': at('molecules', 'An execution of the molecule machine fails'),
  'convoy/*/planning-failed': at('intents', 'An execution of the intent machine fails'),
  'convoy/*/stalled': at('convoys', 'A convoy is stalled'),
  'queue/*/no-progress': at('refinery', 'The merge queue does not move'),
  'queue/*/trouble': at('refinery', 'The Refinery cannot work'),
  'queue/*/gate-infrastructure': at('refinery', 'Gates give no verdict'),
  'queue/*/checks-slow': at('refinery', 'Required checks do not end'),
  'queue/*/red-main': at('refinery', 'Main is red'),
  'queue/*/foreign-pushes': at('refinery', 'Others keep moving main'),
  'queue/*/rewritten/*': at('refinery', 'Main was rewritten or deleted'),
  'queue/*/refused': at('refinery', 'The remote refuses the push'),
  'queue/*/landing': at('refinery', 'A landing gets no answer'),
  'queue/*/ci-change/*': at('refinery', 'A change to CI waits for a human'),
  'queue/*/unbuildable/*': at('refinery', 'A change cannot be built'),
  'queue/*/blocked': at('refinery', 'Nothing can land'),
  'effect/*': at('platform', 'The town cannot do what it decided'),
} as const satisfies Readonly<Record<string, Place>>;

type Filled<Pattern extends string> = Pattern extends `${infer Before}*${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : Pattern;

/** A cause that no runbook explains does not compile. */
export type Cause = Filled<keyof typeof escalationRunbooks>;

const patterns = Object.entries(escalationRunbooks).map(([pattern, place]) => ({
  fits: new RegExp(`^${pattern.replaceAll('*', '.+')}$`),
  place,
}));

/** `undefined`: a cause of an earlier version, still on record. */
export const runbookOf = (cause: string): Place | undefined => patterns.find(({ fits }) => fits.test(cause))?.place;

/** As a Markdown renderer makes it of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

export const placeOf = ({ runbook, heading }: Place): string => `docs/runbooks/${runbook}.md#${anchorOf(heading)}`;
