/** Text that somebody else wrote, as a block that no line of it can close: whoever reads the prompt sees where it ends. */
export function fenced(text: string, charsMax: number, language = ''): string {
  const shown = clipped(text, charsMax).trimEnd();
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${shown}\n${fence}`;
}

export const clipped = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : `${text.slice(0, charsMax)}\n… ${text.length - charsMax} more characters`;
