/** Where each key of a TOML text stands. The text is known to be valid, so only what opens and closes matters here. */

/** `steps/2/title` → its line. A path that is not in the text has the line of the nearest one above it. */
export function linesOf(text: string): (path: string) => number {
  const lines = new Map<string, number>();
  const scan = new Scan(text);
  const counts = new Map<string, number>();
  /** In an array of tables a name means the last of them. */
  const resolve = (names: readonly string[]): string =>
    names.reduce((path, name) => {
      const next = path === '' ? name : `${path}/${name}`;
      const count = counts.get(next);
      return count === undefined ? next : `${next}/${count - 1}`;
    }, '');
  const note = (path: string, line: number): void => {
    if (!lines.has(path)) lines.set(path, line);
  };
  let table = '';
  while (scan.toExpression()) {
    const { line } = scan;
    const header = scan.header();
    if (header) {
      const parent = resolve(header.names.slice(0, -1));
      const last = header.names.at(-1) ?? '';
      const path = parent === '' ? last : `${parent}/${last}`;
      if (header.array) {
        note(path, line);
        counts.set(path, (counts.get(path) ?? 0) + 1);
      }
      table = resolve(header.names);
      note(table, line);
      continue;
    }
    const names = scan.names('=');
    let path = table;
    for (const name of names) {
      path = path === '' ? name : `${path}/${name}`;
      note(path, line);
    }
    scan.skipValue();
  }
  return (path) => {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const line = lines.get(at);
      if (line !== undefined) return line;
    }
    return 1;
  };
}

class Scan {
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Past blanks and comments; false at the end. */
  toExpression(): boolean {
    for (; this.#at < this.#text.length; this.#next()) {
      const character = this.#text[this.#at] ?? '';
      if (character === '#') this.#skipComment();
      else if (!/\s/.test(character)) return true;
    }
    return false;
  }

  header(): { readonly names: readonly string[]; readonly array: boolean } | undefined {
    if (this.#text[this.#at] !== '[') return undefined;
    const array = this.#text[this.#at + 1] === '[';
    this.#at += array ? 2 : 1;
    const names = this.names(']');
    if (array) this.#at += 1;
    return { names, array };
  }

  /** The parts of a dotted key, up to and past `end`. */
  names(end: string): readonly string[] {
    const names: string[] = [];
    let name = '';
    for (; this.#at < this.#text.length; this.#next()) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"' || character === "'") name += this.#quoted(character);
      else if (character === '.' || character === end) {
        names.push(name.trim());
        name = '';
        if (character === end) break;
      } else name += character;
    }
    this.#at += 1;
    return names;
  }

  skipValue(): void {
    let depth = 0;
    for (; this.#at < this.#text.length; this.#next()) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"' || character === "'") this.#quoted(character);
      else if (character === '#') this.#skipComment();
      else if (character === '[' || character === '{') depth += 1;
      else if (character === ']' || character === '}') depth -= 1;
      if (depth === 0 && this.#text[this.#at] === '\n') return;
    }
  }

  /** From its opening mark to its last; what is between them. */
  #quoted(mark: string): string {
    const long = this.#text.startsWith(mark.repeat(3), this.#at);
    const closing = long ? mark.repeat(3) : mark;
    this.#at += closing.length;
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#text.startsWith(closing, this.#at)) {
      if (mark === '"' && this.#text[this.#at] === '\\') this.#next();
      this.#next();
    }
    const end = this.#at;
    // A long string may end in quotes of its own: `""""` closes after one.
    this.#at += closing.length - 1;
    while (long && this.#text[this.#at + 1] === mark) this.#at += 1;
    return this.#text.slice(start, end);
  }

  /** To the last character of the line. */
  #skipComment(): void {
    while (this.#at + 1 < this.#text.length && this.#text[this.#at + 1] !== '\n') this.#at += 1;
  }

  #next(): void {
    if (this.#text[this.#at] === '\n') this.line += 1;
    this.#at += 1;
  }
}
