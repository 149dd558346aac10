/** Lines no wider than the terminal, broken between words; a path or command that is wider stays whole. */

const columns = (): number => process.stdout.columns || 80;

/** `first` begins the first line; the others are indented by `indent`, which is as far as it reaches. */
export function wrap(first: string, text: string, indent = first.length): string {
  return text
    .split('\n')
    .flatMap((line, at) => wrapLine(at === 0 ? first : ' '.repeat(indent), line, indent))
    .join('\n');
}

function wrapLine(first: string, text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > columns()) {
      lines.push(line);
      line = ' '.repeat(indent);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
