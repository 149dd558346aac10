/** The little of Markdown that a checklist is made of, line by line; every pattern is linear in its line. */

export interface TaskLine {
  readonly done: boolean;
  readonly text: string;
  /** Columns that the lines of its body are indented by, at least. */
  readonly indent: number;
}

/** `- [ ] text`, as GitHub takes it for a task. */
export function readTaskLine(line: string): TaskLine | undefined {
  const match = /^( {0,3})([-*+]|\d{1,9}[.)]) {1,4}\[([ xX])\][ \t]+(\S.*)$/.exec(line);
  if (!match) return undefined;
  const [, before = '', marker = '', box = ' ', text = ''] = match;
  return { done: box !== ' ', text: text.trimEnd(), indent: before.length + marker.length + 1 };
}

/** Meant as a task by whoever wrote it, whatever Markdown makes of it: `-[ ] a`, `- [] a`, `[x] a`. Links are not. */
export const looksLikeTask = (line: string): boolean =>
  /^[ \t]*(?:[-*+]|\d{1,9}[.)])?[ \t]*\[[ \t]?[xX]?[ \t]?\](?![([:])/.test(line);

export interface Fence {
  readonly mark: '`' | '~';
  readonly length: number;
  readonly indent: number;
  /** First word after the fence, in lower case. */
  readonly language: string;
  /** Where it opened. */
  readonly line: number;
}

export function readFence(text: string, line: number): Fence | undefined {
  const match = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/.exec(text) ?? /^([ \t]*)(~{3,})(.*)$/.exec(text);
  if (!match) return undefined;
  const [, before = '', marks = '', info = ''] = match;
  const language = info.trim().split(/[ \t]/, 1)[0] ?? '';
  return {
    mark: marks.startsWith('`') ? '`' : '~',
    length: marks.length,
    indent: indentOf(before),
    language: language.toLowerCase(),
    line,
  };
}

export function closes(fence: Fence, text: string): boolean {
  const marks = text.trim();
  return marks.length >= fence.length && marks === fence.mark.repeat(marks.length);
}

/** Columns of white space at the start; a tab goes to the next multiple of four. */
export function indentOf(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === ' ') columns += 1;
    else if (character === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

/** The line without its first `columns` columns of white space, or without what it has of them. */
export function dedent(line: string, columns: number): string {
  let taken = 0;
  let i = 0;
  for (; i < line.length && taken < columns; i += 1) {
    if (line[i] === ' ') taken += 1;
    else if (line[i] === '\t') taken += 4 - (taken % 4);
    else break;
  }
  // A tab that is cut in two leaves its rest as spaces.
  return ' '.repeat(Math.max(0, taken - columns)) + line.slice(i);
}

export const isBlank = (line: string): boolean => line.trim() === '';

/** The text of a heading of one `#`. */
export function readTitle(line: string): string | undefined {
  if (!/^ {0,3}#(?:[ \t]|$)/.test(line)) return undefined;
  return line
    .trim()
    .slice(1)
    .trim()
    .replace(/(?:^|[ \t])#+$/, '')
    .trimEnd();
}

/** A line that ends a paragraph by itself: it cannot be the lazy continuation of a task. */
export const opensBlock = (line: string): boolean =>
  /^ {0,3}(?:#{1,6}(?:[ \t]|$)|>|<|[-*+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|(?:[-*_][ \t]*){3,}$)/.test(line);
