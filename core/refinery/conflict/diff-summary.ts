/** A unified diff in one line: what was changed where, for a record that has no room for the diff. */

const filesNamed = 5;

/** `a.ts (+3 −1), b.ts (+1 −0)`. */
export function diffSummary(diff: string): string {
  const files: { name: string; added: number; removed: number }[] = [];
  let inHunk = false;
  for (const line of diff.split('\n')) {
    const header = /^diff --git (?:"?a\/.*"? )?"?b\/(.*?)"?$/.exec(line);
    if (header) files.push({ name: header[1] ?? '', added: 0, removed: 0 });
    if (header) inHunk = false;
    if (line.startsWith('@@')) inHunk = true;
    const file = files.at(-1);
    if (!file || !inHunk) continue;
    if (line.startsWith('+')) file.added += 1;
    if (line.startsWith('-')) file.removed += 1;
  }
  if (files.length === 0) return 'nothing that a diff shows';
  const named = files.slice(0, filesNamed).map(({ name, added, removed }) => `${name} (+${added} −${removed})`);
  const more = files.length > filesNamed ? ` and ${files.length - filesNamed} more files` : '';
  return `${named.join(', ')}${more}`;
}
