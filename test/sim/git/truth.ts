/**
 * Whether a tree is good, read from its texts, so that every merge carries the truth along. A text is one line of words:
 * who wrote it, how good it is, with whose work it cannot live, and whose work it has learned to live with.
 */
import { filesOf, type Tree } from './objects.ts';

export interface Work {
  readonly path: string;
  /** Name of the bead in the scenario, or of whoever else wrote it. */
  readonly by: string;
  readonly attempt: number;
  readonly quality: 'good' | 'bad';
  readonly breaksWith?: string | undefined;
  readonly knows?: readonly string[];
}

export function textOf({ path, by, attempt, quality, breaksWith, knows = [] }: Work): string {
  const words = [
    `by=${by}`,
    `attempt=${attempt}`,
    quality,
    ...(breaksWith ? [`breaks=${breaksWith}`] : []),
    ...knows.map((name) => `knows=${name}`),
  ];
  // The path is in it, or git would take a file that goes away for one that was renamed.
  return `${path}: ${words.join(' ')}\n`;
}

/** `by`, `breaks` and `knows` of a text. */
const said = (text: string, what: string): readonly string[] =>
  [...text.matchAll(/(\w+)=(\S+)/g)].flatMap(([, key, value]) => (key === what && value ? [value] : []));

/** Why the tree fails its gates; empty: it is good. */
export function faultsOf(tree: Tree): readonly string[] {
  const before = known.get(tree);
  if (before) return before;
  const lines = [...filesOf(tree)].flatMap(([, text]) => text.trimEnd().split('\n'));
  const authors = new Map<string, string>();
  for (const line of lines) for (const by of said(line, 'by')) authors.set(by, `${authors.get(by) ?? ''} ${line}`);
  const bad = lines.filter((line) => / bad\b|^<<<<<<</.test(line));
  const broken = [...authors].flatMap(([one, line]) =>
    said(line, 'breaks')
      .filter((other) => authors.has(other) && !knows(line, other) && !knows(authors.get(other) ?? '', one))
      .map((other) => `${one} breaks ${other}`),
  );
  const faults = [...bad, ...broken];
  known.set(tree, faults);
  return faults;
}

/** Verdicts are of trees, and trees do not change. */
const known = new WeakMap<Tree, readonly string[]>();

const knows = (line: string, whom: string): boolean => said(line, 'knows').includes(whom);

/** Whose work is in the tree. */
export const authorsIn = (tree: Tree): ReadonlySet<string> =>
  new Set([...filesOf(tree)].flatMap(([, text]) => said(text, 'by')));
