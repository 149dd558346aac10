/** What the Mayor reads before it plans, as one message within a stated number of characters. */

import { limits } from '../../limits.ts';
import type { CommitLine, FileRead } from '../../ports.ts';
import { redact } from '../../redact.ts';
import { cut } from '../prompts/cut.ts';
import { fenced } from '../prompts/fence.ts';
import { summarizeTree } from './summarize-tree.ts';

export interface ReadFile {
  readonly path: string;
  readonly read: FileRead;
}

/** What an open convoy of the rig is at work on. */
export interface OpenConvoy {
  readonly id: string;
  readonly title: string;
  readonly beads: readonly { readonly title: string; readonly files: readonly string[] }[];
}

export interface Reading {
  readonly rig: string;
  readonly target: string;
  readonly intent: string;
  /** Absent: the repository has no commit yet. */
  readonly repository?: {
    readonly paths: readonly string[];
    readonly more: boolean;
    readonly rules: readonly ReadFile[];
    readonly readme: readonly ReadFile[];
    readonly mentioned: readonly ReadFile[];
    readonly commits: readonly CommitLine[];
  };
  readonly convoys: readonly OpenConvoy[];
  /** A plan that a human sent back, as JSON, and what was said of it. */
  readonly rejected?: { readonly plan: string; readonly comment: string };
}

/** The same reading and nonce give the same text. */
export function openingOf(reading: Reading, nonce: string): string {
  const { rig, target, intent, repository, convoys, rejected } = reading;
  const block = (what: string, text: string): string[] => (text === '' ? [] : [fenced(nonce, what, text)]);
  return [
    `Plan this intent for the rig ${rig}, whose branch is ${target}.`,
    ...block('intent', intent),
    ...(repository
      ? [
          ...block(
            `tree of ${repository.paths.length}${repository.more ? ' or more' : ''} files`,
            summarizeTree(repository.paths, limits.readTreeCharsMax),
          ),
          ...block('rules of the house', textsOf(repository.rules, limits.readRulesCharsMax)),
          ...block('readme', textsOf(repository.readme, limits.readReadmeCharsMax)),
          ...block('files that the intent names', textsOf(repository.mentioned, limits.readFilesCharsMax)),
          ...block('latest commits', history(repository.commits)),
        ]
      : ['The repository has no commit yet.']),
    ...block('open convoys of this rig', cut(convoys.map(convoyText).join('\n'), limits.readConvoysCharsMax)),
    ...(rejected
      ? [
          'A human sent this plan back. Make another one that does what the human says.',
          ...block('plan that was sent back', cut(rejected.plan, limits.readIntentCharsMax)),
          ...block('what the human says', rejected.comment),
        ]
      : []),
  ].join('\n\n');
}

/** File after file, each cut by itself, until the part is full; what a credential looks like is left out. */
function textsOf(files: readonly ReadFile[], charsMax: number): string {
  const texts = files.map(({ path, read }) => {
    const head = `==> ${JSON.stringify(path)}`;
    return read.is === 'text' ? `${head}\n${cut(redact(read.text), limits.readFileCharsMax)}` : `${head}: ${read.is}`;
  });
  return cut(texts.join('\n'), charsMax);
}

const history = (commits: readonly CommitLine[]): string =>
  cut(
    commits.map(({ oid, subject }) => `${oid.slice(0, 10)} ${redact(subject)}`).join('\n'),
    limits.readHistoryCharsMax,
  );

const convoyText = ({ id, title, beads }: OpenConvoy): string =>
  [
    `${id} ${title}`,
    ...beads.map((bead) => `  ${bead.title}${bead.files.length === 0 ? '' : `: ${bead.files.join(', ')}`}`),
  ].join('\n');
