/** What people read: aligned, coloured on a terminal only, and never more than the words when piped. */
type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export interface Printer {
  readonly json: boolean;
  line(text?: string): void;
  paint(colour: Colour, text: string): string;
  /** A status word in the colour that says how it goes. */
  status(word: string): string;
  /** One row a line, columns as wide as their widest cell; `undefined` cells are empty. */
  table(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): void;
  /** As JSON if that was asked for, else as `render` prints it. */
  show<T>(value: T, render: (value: T) => void): void;
}

const statusColours: Readonly<Record<string, Colour>> = {
  landed: 'green',
  closed: 'green',
  passed: 'green',
  in_progress: 'blue',
  hooked: 'blue',
  submitted: 'blue',
  testing: 'blue',
  working: 'blue',
  open: 'bold',
  failed: 'red',
  stalled: 'red',
  rejected: 'red',
  stuck: 'red',
  critical: 'red',
  high: 'red',
  escalated: 'yellow',
  staged: 'yellow',
  deferred: 'yellow',
  paused: 'yellow',
  stopped: 'yellow',
  medium: 'yellow',
  cancelled: 'dim',
};

const esc = String.fromCharCode(27);
/** Text from outside (titles, logs) must not move the cursor or recolour the terminal. */
const control = (character: string): boolean =>
  (character < ' ' && character !== '\t' && character !== '\n') || (character >= '\x7f' && character <= '\x9f');
export const plain = (text: string): string => [...text].filter((character) => !control(character)).join('');
/** Text from outside as a block of its own. */
export const indented = (text: string, columns: number): string =>
  plain(text)
    .trimEnd()
    .replaceAll(/^(?=.)/gm, ' '.repeat(columns));
const ansi = new RegExp(`${esc}\\[[0-9;]*m`, 'g');
const widthOf = (text: string): number => [...text.replace(ansi, '')].length;

export function makePrinter(options: { json: boolean; colour: boolean; write: (text: string) => void }): Printer {
  const line = (text = '') => options.write(`${text}\n`);
  const paint = (colour: Colour, text: string): string => {
    const [on, off] = codes[colour];
    return options.colour && text !== '' ? `${esc}[${on}m${text}${esc}[${off}m` : text;
  };
  return {
    json: options.json,
    line,
    paint,
    status: (word) => paint(statusColours[word] ?? 'bold', word),
    table(head, rows) {
      const all = [
        head.map((word) => paint('dim', word.toUpperCase())),
        ...rows.map((row) => row.map((cell) => cell ?? '')),
      ];
      const widths = head.map((_, i) => Math.max(...all.map((row) => widthOf(row[i] ?? ''))));
      for (const row of all) {
        const cells = row.map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(cell))));
        line(cells.join('  ').trimEnd());
      }
    },
    show(value, render) {
      if (options.json) line(JSON.stringify(value, null, 2));
      else render(value);
    },
  };
}

/** Lines of at most `width` columns and an indent, which the first is taken to have already; a longer word stays whole. */
export function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${indent}`);
}

/** `42s`, `3m`, `5h`, `12d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

export const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
/** One line, at most so long. */
export const short = (text: string, max: number): string => {
  const one = plain(text).replaceAll(/\s+/g, ' ').trim();
  return [...one].length > max ? `${[...one].slice(0, max - 1).join('')}…` : one;
};

export const usd = (amount: number): string => `$${amount.toFixed(amount > 0 && amount < 0.01 ? 4 : 2)}`;
