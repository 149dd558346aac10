/** The first look at a submitted change: what it touches, what it stands on, and whether a human must let it go. */
import { limits } from '../limits.ts';
import type { ChangedPaths, Instant, Item } from '../ports.ts';
import { type Step, together } from '../step.ts';
import { returnToBead } from './candidates.ts';
import { heldCause } from './held.ts';
import type { MergeRequest } from './records.ts';
import { causeOf, progress, type QueueView, requestOf, saveRequest, type Turn } from './view.ts';

/** Files that say how a change is tested. A change to one of them is tested and landed by itself. */
const ciPaths =
  /^(\.github\/(workflows|actions)\/|\.circleci\/|\.buildkite\/|\.gitlab-ci|\.travis\.yml$|\.drone\.yml$|\.woodpecker|azure-pipelines|bitbucket-pipelines\.yml$|buildspec\.ya?ml$|(.*\/)?Jenkinsfile$)/;

/** What touches more than is looked at may touch one of them too. */
export const changesCi = ({ touched }: Pick<MergeRequest, 'touched'>): boolean =>
  touched !== undefined && (touched.more || touched.paths.some((path) => ciPaths.test(path)));

/** As much of it as a record has room for. */
export function recorded({ paths, more }: ChangedPaths): ChangedPaths {
  let bytes = 0;
  const kept = paths.filter((path) => {
    bytes += Buffer.byteLength(path);
    return bytes <= limits.touchedPathsBytesMax;
  });
  return { paths: kept, more: more || kept.length < paths.length };
}

/** Nobody has looked yet; or what had to go first has left the queue, one way or the other. */
export const wantsLook = (view: QueueView, { touched, after = [] }: MergeRequest): boolean =>
  touched === undefined || (after.length > 0 && !after.some((seq) => requestOf(view, seq) !== undefined));

/** May be tested now: it was looked at, nothing has to go first, and no human is asked. */
export const isFree = ({ touched, after = [], held }: MergeRequest): boolean =>
  touched !== undefined && after.length === 0 && held !== true;

export interface Looked {
  readonly request: Item<MergeRequest>;
  /** `undefined`: its branch is gone, or has nothing in common with the target. The build says which. */
  readonly touched: ChangedPaths | undefined;
  /** Queued changes that its branch contains. */
  readonly after: readonly string[];
  /** Beads of those it contained that have left the queue without landing. */
  readonly lost: readonly string[];
}

/** As many as one commit has room for; the others are looked at again. */
function recordedNow(view: QueueView, looks: readonly Looked[]): readonly Looked[] {
  const lost = looks.filter((look) => look.lost.length > 0);
  if (lost.length > 0) return lost.slice(0, limits.membersToldPerCommitMax);
  const held = looks.filter(({ request, touched }) => isHeld(view, request.body, touched));
  return looks.filter((look) => look === held[0] || !held.includes(look));
}

export function recordLooks(view: QueueView, all: readonly Looked[], now: Instant): Turn {
  const looks = recordedNow(
    view,
    all.map((look) => ({ ...look, touched: look.touched && recorded(look.touched) })),
  );
  const held = looks.filter(({ request, touched, lost }) => lost.length === 0 && isHeld(view, request.body, touched));
  return {
    step: together({ changes: [progress(view, {}, now)] }, ...looks.map((look) => recordLook(view, look, now))),
    alarms: held.map(({ request: { body } }) => ({
      cause: causeOf(view, heldCause.ciChange(body.bead)),
      severity: 'medium',
      title: `${body.bead} changes how ${view.rig} is tested`,
      what: `${body.title} (branch ${body.branch}) touches CI configuration, or more files than are looked at, and refinery.ci_changes is human.`,
      tried: 'nothing: it is for a human to look at.',
      unattended: 'it waits; other changes go on.',
      command: `gt mq retry ${body.bead}`,
      rig: view.rig,
    })),
  };
}

const isHeld = (view: QueueView, request: MergeRequest, touched: ChangedPaths | undefined): boolean =>
  view.policy.ciChanges === 'human' && request.held === undefined && changesCi(touched ? { touched } : {});

function recordLook(view: QueueView, { request, touched, after, lost }: Looked, now: Instant): Step {
  if (lost.length > 0) {
    const detail = `its branch contains ${lost.join(', ')}, which did not land`;
    return returnToBead(view, request, { states: ['rejected'], cause: 'gate_failed', detail }, now);
  }
  const held = isHeld(view, request.body, touched);
  const first = after.flatMap((seq) => requestOf(view, seq)?.body.bead ?? []).join(', ');
  return {
    changes: [
      saveRequest(request, [], {
        touched: touched ?? { paths: [], more: false },
        after: after.length > 0 ? after : undefined,
        ...(held
          ? {
              held,
              because: `changes CI configuration, or more files than are looked at: gt mq retry ${request.body.bead} lets it go`,
            }
          : {}),
        ...(after.length > 0 ? { because: `its branch contains ${first}, which must land first` } : {}),
      }),
    ],
  };
}
