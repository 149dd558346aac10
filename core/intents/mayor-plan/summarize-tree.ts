/** The names of a repository's files within a number of characters: all of them, or the upper part with counts. */

interface Folder {
  readonly path: string;
  readonly folders: Map<string, Folder>;
  readonly files: string[];
  /** Files below it, at any depth. */
  count: number;
}

const folderAt = (path: string): Folder => ({ path, folders: new Map(), files: [], count: 0 });

/**
 * Folders are opened from the top down, in byte order, as long as what they hold fits; the others stay one line with
 * the number of files below. The same paths give the same text.
 */
export function summarizeTree(paths: readonly string[], charsMax: number): string {
  const all = paths.join('\n');
  if (all.length <= charsMax) return all;
  const root = folderAt('');
  for (const path of paths) add(root, path);
  const opened = new Set<Folder>();
  const queue = [root];
  let chars = lineOf(root).length;
  for (let folder = queue.shift(); folder; folder = queue.shift()) {
    const grown = chars - lineOf(folder).length + inside(folder).reduce((sum, line) => sum + line.length + 1, 0);
    if (grown > charsMax) continue;
    chars = grown;
    opened.add(folder);
    queue.push(...folder.folders.values());
  }
  return linesOf(root, opened).join('\n').slice(0, charsMax);
}

function add(root: Folder, path: string): void {
  let folder = root;
  folder.count += 1;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(0, slash + 1);
    const next = folder.folders.get(name) ?? folderAt(name);
    folder.folders.set(name, next);
    next.count += 1;
    folder = next;
  }
  folder.files.push(path);
}

const lineOf = ({ path, count }: Folder): string => `${path || './'} (${count} files)`;

const inside = (folder: Folder): string[] => [...folder.files, ...[...folder.folders.values()].map(lineOf)];

function linesOf(folder: Folder, opened: ReadonlySet<Folder>): string[] {
  if (!opened.has(folder)) return [lineOf(folder)];
  return [...folder.files, ...[...folder.folders.values()].flatMap((below) => linesOf(below, opened))];
}
