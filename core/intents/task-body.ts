/** One task of a checklist, read line by line: its fields, its script, and the rest, which is instructions. */
import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { type FieldLine, type Fields, noFields, readFieldLine, setField } from './fields.ts';
import { closes, dedent, type Fence, indentOf, isBlank, looksLikeTask, readFence, type TaskLine } from './markdown.ts';

export interface Task {
  readonly line: number;
  readonly done: boolean;
  /** The id before the colon, if there is one. */
  readonly name: string | undefined;
  readonly title: string;
  readonly fields: Fields;
  /** The line of each need. */
  readonly needLines: readonly number[];
  readonly instructions: string;
  readonly script: string | undefined;
}

export interface TaskReader {
  /** Columns that a line needs to belong to the task. */
  readonly indent: number;
  readonly read: (line: string, number: number) => void;
  readonly end: () => Task;
}

type Report = (code: string, line: number, what: string, remedy: string) => void;

/** Reads the body of a task. Faults go to `faults`; those of a task that is done do not matter. */
export function taskReader(head: TaskLine, line: number, faults: Fault[]): TaskReader {
  const [, name, title] = /^([a-z0-9][a-z0-9-]{0,40}):(?:[ \t]+(.*))?$/.exec(head.text) ?? [];
  const fields = noFields();
  const needLines: number[] = [];
  const kept: string[] = [];
  let script: string[] | undefined;
  let fence: Fence | undefined;
  let inComment = false;
  /** Column of the bullet that the line belongs to; lines further in are its own words. */
  let bullet: number | undefined;

  const report: Report = (code, number, what, remedy) => {
    if (!head.done) faults.push({ code, what, remedy, at: `line ${number}` });
  };

  const code = (opened: Fence, text: string): void => {
    const ends = closes(opened, text);
    if (opened.language !== 'sh') kept.push(text);
    else if (!ends) script?.push(dedent(text, opened.indent));
    if (ends) fence = undefined;
  };

  const open = (opened: Fence, text: string): void => {
    fence = opened;
    if (opened.language !== 'sh') kept.push(text);
    else if (script)
      report('SCRIPT_REPEATED', opened.line, 'The task has a second sh block.', 'Write one script per task.');
    script ??= opened.language === 'sh' ? [] : undefined;
  };

  const field = (found: FieldLine, number: number): void => {
    if (!found.known) {
      const what = `"${found.word}:" is no field.${didYouMean(found.near)}`;
      report('FIELD_UNKNOWN', number, what, 'If it is a sentence, begin it with a capital letter.');
      return;
    }
    const fault = setField(fields, found.name, found.value, number);
    if (fault) report(fault.code, number, fault.what, fault.remedy);
    while (needLines.length < fields.needs.length) needLines.push(number);
  };

  const words = (text: string, number: number): void => {
    const column = indentOf(text);
    if (bullet !== undefined && column <= bullet) bullet = undefined;
    const item = /^[ \t]*[-*+][ \t]+(\S.*)$/.exec(text)?.[1];
    const found = bullet === undefined ? fieldOf(item, text) : undefined;
    if (found) {
      field(found, number);
      return;
    }
    if (item !== undefined) bullet ??= column;
    kept.push(text);
  };

  const read = (raw: string, number: number): void => {
    const text = dedent(raw, head.indent);
    if (fence) {
      code(fence, text);
      return;
    }
    if (inComment || text.trimStart().startsWith('<!--')) {
      inComment = !text.includes('-->');
      return;
    }
    if (isBlank(text)) {
      kept.push('');
      return;
    }
    if (looksLikeTask(text)) {
      report(
        'TASK_NESTED',
        number,
        'A task stands inside another task.',
        'Begin it at the start of a line, and say needs: where it must wait.',
      );
      return;
    }
    const opened = readFence(text, number);
    if (opened) open(opened, text);
    else words(text, number);
  };

  const end = (): Task => {
    if (fence)
      report(
        'FENCE_OPEN',
        fence.line,
        'This code block is not closed inside its task.',
        'Close it with the same marks, indented like the first ones.',
      );
    if (inComment) report('COMMENT_OPEN', line, 'A comment is not closed inside this task.', 'Close it with -->.');
    return {
      line,
      done: head.done,
      name,
      title: name === undefined ? head.text : (title ?? ''),
      fields,
      needLines,
      instructions: kept.join('\n').trim(),
      script: script === undefined ? undefined : `${script.join('\n')}\n`,
    };
  };

  return { indent: head.indent, read, end };
}

/** A bulleted line is a field if its word is one, or nearly; `- note: …` is an item like any other. */
function fieldOf(item: string | undefined, text: string): FieldLine | undefined {
  if (item === undefined) return readFieldLine(text.trim());
  const found = readFieldLine(item.trim());
  return found && (found.known || found.near !== undefined) ? found : undefined;
}
