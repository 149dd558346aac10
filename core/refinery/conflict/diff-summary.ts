/** A unified diff in one line: what was changed where, for a record that has no room for the diff. */

const filesNamed = 5;

/** `a.ts (+3 −1), b.ts (+1 −0)`. Of a diff that was cut, what there is of it. */
export function diffSummary(diff: string): string {
  const files = new Map<string, { added: number; removed: number }>();
  let at = { added: 0, removed: 0 };
  let before = '';
  // Lines that the hunk still has of either side: within them a `---` is a line that was removed.
  let left = { old: 0, new: 0 };
  for (const line of diff.split('\n')) {
    const kind = line.charAt(0);
    if (left.old > 0 || left.new > 0) {
      if (kind === '+') at.added += 1;
      if (kind === '-') at.removed += 1;
      if (kind !== '\\') left = { old: left.old - (kind === '+' ? 0 : 1), new: left.new - (kind === '-' ? 0 : 1) };
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk) left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
    if (line.startsWith('--- ')) before = line.slice('--- a/'.length);
    if (line.startsWith('+++ ')) {
      at = { added: 0, removed: 0 };
      files.set(line === '+++ /dev/null' ? before : line.slice('+++ b/'.length), at);
    }
  }
  if (files.size === 0) return 'nothing that a diff shows';
  const named = [...files].slice(0, filesNamed).map(([name, { added, removed }]) => `${name} (+${added} −${removed})`);
  const more = files.size > filesNamed ? ` and ${files.size - filesNamed} more files` : '';
  return `${named.join(', ')}${more}`;
}
