/** What two commits did to the files in which they do not merge: for whoever shall resolve it. */
import { limits } from '../core/limits.ts';
import type { ConflictReport, Oid } from '../core/ports.ts';
import { mergeBaseOf } from './ancestry.ts';
import { type Cache, fail } from './cache.ts';
import { bringCommits } from './fetch.ts';
import { mergeTree, type Stage, type Stages } from './merge.ts';
import { pathName } from './names.ts';
import { writeEmptyBlob } from './objects.ts';

export async function conflictOf(cache: Cache, { base, head }: { base: Oid; head: Oid }): Promise<ConflictReport> {
  const here = await bringCommits(cache, [base, head]);
  if (!here.has(base) || !here.has(head)) return { found: 'lost' };
  const merge = await mergeTree(cache, base, head);
  if (merge.merged === 'clean') return { found: 'none' };
  const mergeBase = await mergeBaseOf(cache, base, head);
  if (merge.merged === 'unrelated' || !mergeBase) return { found: 'unrelated_history' };
  const ours = await sideOf(cache, merge.files, ([before, after]) => [before, after]);
  const theirs = await sideOf(cache, merge.files, ([before, , after]) => [before, after]);
  return {
    found: 'conflict',
    mergeBase,
    paths: merge.paths,
    baseDiff: ours.text,
    headDiff: theirs.text,
    cut: ours.cut || theirs.cut,
  };
}

interface Diff {
  readonly text: string;
  readonly cut: boolean;
}

/** File by file, from blob to blob: what was renamed needs no name then, and a name no encoding. */
async function sideOf(
  cache: Cache,
  files: ReadonlyMap<string, Stages>,
  sides: (stages: Stages) => [Stage | undefined, Stage | undefined],
): Promise<Diff> {
  let text = '';
  for (const [path, stages] of files) {
    const [before, after] = sides(stages);
    if (before?.oid === after?.oid && before?.mode === after?.mode) continue;
    if (Buffer.byteLength(text) >= limits.conflictDiffBytesMax) return cutOff(text);
    text += await diffOf(cache, pathName(path), before, after);
  }
  return cutOff(text);
}

function cutOff(text: string): Diff {
  const bytes = Buffer.from(text);
  if (bytes.length <= limits.conflictDiffBytesMax) return { text, cut: false };
  const end = bytes.lastIndexOf('\n', limits.conflictDiffBytesMax - 1) + 1;
  return { text: bytes.subarray(0, end).toString('utf8'), cut: true };
}

const submodule = '160000';

async function diffOf(cache: Cache, path: string, before?: Stage, after?: Stage): Promise<string> {
  const modes =
    before && after && before.mode !== after.mode ? `old mode ${before.mode}\nnew mode ${after.mode}\n` : '';
  const header = `${modes}--- ${before ? `a/${path}` : '/dev/null'}\n+++ ${after ? `b/${path}` : '/dev/null'}\n`;
  if (before?.mode === submodule || after?.mode === submodule)
    return `${header}${commitLine('-', before)}${commitLine('+', after)}`;
  const nothing = await writeEmptyBlob(cache, (before ?? after)?.oid.length ?? 40);
  const sides = [before?.oid ?? nothing, after?.oid ?? nothing];
  const answer = await cache.git(['diff', '--no-ext-diff', '--no-textconv', '--no-color', ...sides]);
  if (answer.status !== 0) fail(`comparing two versions of ${path}`, answer);
  const start = answer.stdout.indexOf('\n@@') + 1;
  if (start > 0) return header + answer.stdout.slice(start);
  return /^Binary files /m.test(answer.stdout) ? `${header}Binary files differ\n` : header;
}

const commitLine = (sign: '-' | '+', stage?: Stage): string =>
  stage ? `${sign}${stage.mode === submodule ? 'Subproject commit ' : 'file '}${stage.oid}\n` : '';
