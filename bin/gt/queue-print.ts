/** A merge queue and its changes as people read them, at a hundred columns if the terminal does not say otherwise. */
import { age, plain, short, wrapped } from './print.ts';
import type { Session } from './session.ts';

interface MergeRequestView {
  readonly bead: string;
  readonly state: string;
  readonly because: string;
  readonly title: string;
  readonly submittedAt: number;
  readonly endedAt?: number;
}

interface Place {
  readonly position: number;
  readonly overtaken: number;
  readonly landsAt?: number;
}

interface Learned {
  readonly chance: number;
  readonly observed: number;
}

export interface QueueView {
  readonly rig: string;
  readonly target: string;
  readonly main?: string;
  readonly paused?: { readonly by: string; readonly because: string };
  readonly blocked?: string;
  readonly trouble?: { readonly text: string; readonly times: number; readonly at: number };
  readonly restUntil?: number;
  readonly foreignPushes: number;
  readonly landing?: number;
  readonly landedCount: number;
  readonly runsCount: number;
  readonly slots: { readonly total: number; readonly used: number };
  readonly runMs?: number;
  readonly learned: { readonly bad: Learned; readonly badAgain: Learned; readonly flake: Learned };
  readonly runsPerLanded?: number;
  readonly runsPerLandedBound: number;
  readonly candidates: readonly {
    readonly id: string;
    readonly state: string;
    readonly about: string;
    readonly because: string;
    readonly chain?: string;
    readonly createdAt: number;
    readonly startedAt?: number;
    readonly passedAt?: number;
  }[];
  readonly chains: readonly { readonly id: string; readonly about: string }[];
  readonly joined: readonly string[];
  readonly open: readonly (MergeRequestView & Place)[];
  readonly ended: readonly MergeRequestView[];
}

export interface ChangeView extends MergeRequestView {
  readonly target: string;
  readonly place?: Place & { readonly of: number };
  readonly account: string;
  readonly evidence?: string;
  readonly todo: readonly string[];
}

type Out = Pick<Session, 'print'>;

const columnsDefault = 100;
const width = (): number => process.stdout.columns ?? columnsDefault;
/** What ended last, above what waits. */
const endedShown = 5;
/** Of a long line only its front: the rest changes its order before anybody gets there. */
const openShown = 50;
const titleShown = 20;
const becauseLeast = 32;

const untilNow = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : at <= Date.now() ? 'now' : `~${age(at - Date.now())}`;

/** Who is next, a line each. */
export function showLine({ print }: Out, queue: QueueView): void {
  print.line(`${print.paint('bold', queue.rig)} → ${queue.target}  ${queue.landedCount} landed`);
  for (const held of holdsOf(queue, { print })) print.line(`  ${wrapped(held, width() - 2, '  ')}`);
  if (queue.ended.length + queue.open.length === 0) {
    print.line('  Nothing waits. Beads come here when their polecats are done: gt bead list --rig <rig>');
    return;
  }
  const head = ['  #', 'bead', 'state', 'since', 'lands', 'title'];
  const requests: readonly (MergeRequestView & Partial<Place>)[] = [
    ...queue.ended.slice(0, endedShown).reverse(),
    ...queue.open.slice(0, openShown),
  ];
  const rows = requests.map((one) => [
    `  ${one.position ?? ''}`,
    one.bead,
    one.state,
    age(Date.now() - (one.endedAt ?? one.submittedAt)),
    untilNow(one.landsAt) ?? '',
    short(one.title, titleShown),
  ]);
  const used = head.reduce(
    (sum, word, i) => sum + 2 + Math.max(word.length, ...rows.map((row) => row[i]?.length ?? 0)),
    0,
  );
  const room = Math.max(becauseLeast, width() - used);
  print.table(
    [...head, 'because'],
    rows.map(([place, bead, state = '', ...more], i) => [
      place,
      bead,
      print.status(state),
      ...more,
      short(requests[i]?.because ?? '', room),
    ]),
  );
  const more = queue.open.length - openShown;
  if (more > 0) print.line(`  and ${more} more: gt mq list ${queue.rig} --target ${queue.target} --json`);
}

/** The queue in figures. */
export function showFigures({ print }: Out, queue: QueueView): void {
  const at = queue.main === undefined ? '' : ` at ${queue.main.slice(0, 10)}`;
  print.line(`${print.paint('bold', queue.rig)} → ${queue.target}${at}`);
  const row = (name: string, text: string) =>
    print.line(`  ${print.paint('dim', name.padEnd(9))}  ${wrapped(text, width() - 13, ' '.repeat(13))}`);
  for (const held of holdsOf(queue, { print })) row('held up', held);
  row('changes', changesOf(queue));
  row('slots', `${queue.slots.used} of ${queue.slots.total} in use${durationOf(queue)}`);
  for (const one of queue.candidates) {
    const since = age(Date.now() - (one.passedAt ?? one.startedAt ?? one.createdAt));
    const chain = one.chain === undefined ? '' : `chain ${one.chain}, `;
    row('', `${one.id} ${one.state} for ${since}: ${chain}${one.about}; ${plain(one.because)}`);
  }
  for (const { id, about } of queue.chains) row(`chain ${id}`, about);
  if (queue.joined.length > 0)
    row('joined', `${queue.joined.join(', ')}: passed apart, and will land with the next pass on ${queue.target}`);
  row('learned', learnedOf(queue.learned));
  row('runs', runsOf(queue));
}

const inWords = (words: readonly (string | false)[]): string => words.filter((word) => word !== false).join(', ');

function changesOf({ open, landedCount, ended }: QueueView): string {
  const of = (...states: string[]) => open.filter(({ state }) => states.includes(state)).length;
  const counts = inWords([
    `${of('queued')} in line`,
    of('testing') > 0 && `${of('testing')} under test`,
    of('suspect') > 0 && `${of('suspect')} suspect`,
    of('conflict', 'resolving') > 0 && `${of('conflict', 'resolving')} in conflict`,
  ]);
  const last = ended.find(({ state }) => state === 'landed');
  const when = last ? `, the last ${last.bead} ${age(Date.now() - (last.endedAt ?? last.submittedAt))} ago` : '';
  return `${counts}; ${landedCount} landed${when}`;
}

const durationOf = ({ runMs }: QueueView): string => (runMs === undefined ? '' : `; a run takes ${age(runMs)}`);

const percent = (chance: number): string => `${(100 * chance).toFixed(chance < 0.1 ? 1 : 0)}%`;

const learnedOf = ({ bad, badAgain, flake }: QueueView['learned']): string =>
  `p: ${percent(bad.chance)} of changes are bad (${bad.observed} seen), ${percent(badAgain.chance)} of those sent back before (${badAgain.observed} seen); f: ${percent(flake.chance)} of runs of a good tree fail (${flake.observed} seen)`;

function runsOf({ runsCount, landedCount, runsPerLanded, runsPerLandedBound }: QueueView): string {
  const least = `${runsPerLandedBound.toFixed(2)} is the least that any queue could need at this p and f`;
  return runsPerLanded === undefined
    ? `${runsCount} so far, and nothing landed yet; ${least}`
    : `${runsPerLanded.toFixed(2)} for each landed change (${runsCount} for ${landedCount}); ${least}`;
}

/** Why nothing moves, or not as it should. */
function holdsOf(queue: QueueView, { print }: Out): string[] {
  const { paused, blocked, restUntil, trouble, foreignPushes, rig, target } = queue;
  const rests = restUntil !== undefined && restUntil > Date.now();
  return [
    ...(paused
      ? [
          `${print.status('paused')} by ${paused.by}: ${plain(paused.because)}. ${paused.by === 'refinery' ? 'Mend that, then' : 'Go on'}: gt mq resume ${rig} --target ${target}`,
        ]
      : []),
    ...(blocked === undefined ? [] : [plain(blocked)]),
    ...(rests ? [`rests for ${age(restUntil - Date.now())}; at once: gt mq resume ${rig} --target ${target}`] : []),
    ...(trouble
      ? [`went wrong ${trouble.times === 1 ? 'once' : `${trouble.times} times in a row`}: ${plain(trouble.text)}`]
      : []),
    ...(foreignPushes > 0 ? [`others have pushed to ${target} since the last landing: ${foreignPushes}`] : []),
  ];
}

/** One change, in a paragraph. */
export function showChange({ print }: Out, change: ChangeView): void {
  print.line(`${print.paint('bold', change.bead)}  ${print.status(change.state)}  ${short(change.title, 60)}`);
  print.line(`  ${wrapped(plain(change.account), width() - 2, '  ')}`);
  for (const command of change.todo) print.line(`  → ${command}`);
}
