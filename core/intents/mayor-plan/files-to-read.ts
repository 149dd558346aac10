/** Which files of a repository are worth reading before an intent is planned: known by their names alone. */
import { limits } from '../../limits.ts';

/** What a repository tells those who work in it; the first of each line that is there. */
const rules = ['AGENTS.md', 'CLAUDE.md', 'CONTRIBUTING.md'];
const readmes = ['README.md', 'README', 'readme.md', 'README.rst', 'README.txt'];

export interface FilesToRead {
  readonly rules: readonly string[];
  readonly readme: string | undefined;
  /** Named by the intent, the surest first. */
  readonly mentioned: readonly string[];
}

export function filesToRead(paths: readonly string[], intent: string): FilesToRead {
  const there = new Set(paths);
  const own = [...rules, ...readmes];
  const words = new Set(intent.toLowerCase().match(/[\p{L}\p{N}_][\p{L}\p{N}_./-]*[\p{L}\p{N}_]/gu) ?? []);
  const scored = paths.flatMap((path, i) => {
    const score = own.includes(path) ? 0 : scoreOf(path.toLowerCase(), words);
    return score > 0 ? [{ path, score, i }] : [];
  });
  scored.sort((a, b) => b.score - a.score || a.i - b.i);
  return {
    rules: rules.filter((name) => there.has(name)),
    readme: readmes.find((name) => there.has(name)),
    mentioned: scored.slice(0, limits.readFilesMax).map(({ path }) => path),
  };
}

const stemCharsMin = 4;

/** 3: by its path, 2: by its name, 1: by its name without the ending (`parser` means `src/parser.ts`). */
function scoreOf(path: string, words: ReadonlySet<string>): number {
  if (words.has(path)) return 3;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.includes('.') && words.has(name)) return 2;
  const stem = name.replace(/\..*$/, '');
  return stem.length >= stemCharsMin && words.has(stem) ? 1 : 0;
}
