/** Small words for people: lists, counts, chances, and how long something takes. */

/** `a`, `a and b`, `a, b and c`; of a longer list the first few and how many more. */
export function listed(names: readonly string[], max = 6): string {
  const all = names.length > max ? [...names.slice(0, max - 1), `${names.length - max + 1} more`] : names;
  const last = all.at(-1) ?? '';
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`;
}

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

export const times = (count: number): string => ['never', 'once', 'twice'][count] ?? `${count} times`;

/** Two digits, and never 0% of what is possible. */
export function percent(chance: number): string {
  const value = 100 * chance;
  if (value > 0 && value < 0.1) return 'under 0.1%';
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)}%`;
}

/** `12 s`, `3 min`, `5 h`. */
export function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export const asSentence = (text: string): string => {
  const trimmed = text.trim().replace(/[.;,]$/, '');
  return trimmed === '' ? '' : `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
};
