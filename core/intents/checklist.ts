/**
 * Plans without a model: a Markdown checklist, specified in docs/intents.md. Read line by line, in linear time and
 * without recursion, because an intent may come from anyone. What is nearly a task or a field is a fault, never prose.
 */
import type { Plan } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { limits } from '../limits.ts';
import { planned, readFieldLine } from './fields.ts';
import {
  closes,
  type Fence,
  indentOf,
  isBlank,
  looksLikeTask,
  opensBlock,
  readFence,
  readTaskLine,
  readTitle,
} from './markdown.ts';
import { type Task, type TaskReader, taskReader } from './task-body.ts';

export interface Checklist {
  readonly plan: Plan;
  /** What is wrong with the text; what is wrong with the plan is for `validatePlan` to say. */
  readonly faults: readonly Fault[];
  /** The line that a fault of the plan, with a pointer such as `/beads/3/needs/0`, is about. */
  readonly lineOf: (pointer: string) => number;
  /** Somebody wrote tasks here, done or not, well or badly. Without any the text is prose. */
  readonly hasTasks: boolean;
}

export function parseChecklist(markdown: string): Checklist {
  const document = readDocument(markdown.split(/\r\n|\n|\r/));
  const names = namesOf(document.tasks);
  const open = document.tasks.filter((task) => !task.done);
  const openNames = new Set(open.map((task) => names.get(task)));
  const doneNames = new Set<string>();
  for (const task of document.tasks) {
    const name = names.get(task) ?? '';
    if (!task.done) continue;
    doneNames.add(name);
    if (!openNames.has(name)) continue;
    const what = `The task that is done here and an open one are both called "${name}".`;
    document.faults.push({ code: 'NAME_DUPLICATE', what, remedy: 'Rename one of them.', at: `line ${task.line}` });
  }
  /** What is done already needs no waiting for. */
  const waits = (need: string): boolean => openNames.has(need) || !doneNames.has(need);
  const beads = open.map((task) => ({
    ...planned(task.fields),
    name: names.get(task) ?? '',
    title: task.title,
    instructions: task.instructions,
    needs: task.fields.needs.filter(waits),
    ...(task.script === undefined ? {} : { script: task.script }),
  }));
  const needLines = open.map((task) => task.needLines.filter((_, i) => waits(task.fields.needs[i] ?? '')));
  return {
    plan: { title: document.title?.text ?? '', beads },
    faults: document.faults,
    hasTasks: document.tasks.length > 0 || document.faults.some(({ code }) => code === 'TASK_MALFORMED'),
    lineOf: (pointer) => {
      const [, , bead, field, i] = pointer.split('/');
      const task = open[Number(bead ?? Number.NaN)];
      if (!task) return document.title?.line ?? 1;
      const need = field === 'needs' && i !== undefined ? needLines[Number(bead)]?.[Number(i)] : undefined;
      return need ?? task.fields.given.get(field ?? '') ?? task.line;
    },
  };
}

/** What an intent is called until it is planned: its heading, or else its first line. */
export function titleOf(markdown: string): string {
  const lines = markdown.split(/\r\n|\n|\r/);
  const heading = lines.map(readTitle).find((title) => title !== undefined && title !== '');
  const title = heading ?? lines.find((line) => !isBlank(line))?.trim() ?? '';
  return title.replace(/\p{Cc}/gu, ' ').slice(0, limits.titleCharsMax);
}

interface Document {
  title?: { readonly text: string; readonly line: number };
  readonly tasks: Task[];
  readonly faults: Fault[];
}

function readDocument(lines: readonly string[]): Document {
  const document: Document = { tasks: [], faults: [] };
  const { tasks, faults } = document;
  let task: TaskReader | undefined;
  let fence: Fence | undefined;
  let comment: number | undefined;
  /** What stands right above: a task, a task and blank lines, or neither. */
  let above: 'task' | 'gap' | 'prose' = 'prose';

  const report = (code: string, number: number, what: string, remedy: string): void => {
    faults.push({ code, what, remedy, at: `line ${number}` });
  };

  const outside = (line: string, number: number): void => {
    const head = readTaskLine(line);
    if (head) {
      task = taskReader(head, number, faults);
      above = 'task';
      return;
    }
    if (looksLikeTask(line)) {
      const remedy = 'Write "- [ ] name: Title" at the start of a line, with these spaces.';
      report('TASK_MALFORMED', number, 'This looks like a task, but is none.', remedy);
    } else if (isLost(line, above)) {
      const remedy = 'Indent it by two spaces if it belongs to the task; else put an empty line or a heading between.';
      report('NOT_INDENTED', number, 'This line stands below a task, but is no part of it.', remedy);
    }
    above = 'prose';
    fence = indentOf(line) < 4 ? readFence(line, number) : undefined;
    if (/^ {0,3}<!--/.test(line) && !line.includes('-->')) comment = number;
    const text = readTitle(line);
    if (text !== undefined) document.title ??= { text, line: number };
  };

  lines.forEach((line, i) => {
    const number = i + 1;
    if (line.includes('\0')) report('CONTROL_CHARACTER', number, 'The line has a NUL character.', 'Take it out.');
    if (task) {
      if (isBlank(line) || indentOf(line) >= task.indent) {
        task.read(line, number);
        above = isBlank(line) ? 'gap' : 'task';
        return;
      }
      tasks.push(task.end());
      task = undefined;
    }
    if (fence) {
      if (indentOf(line) < 4 && closes(fence, line)) fence = undefined;
    } else if (comment !== undefined) {
      if (line.includes('-->')) comment = undefined;
    } else if (isBlank(line)) {
      if (above === 'task') above = 'gap';
    } else outside(line, number);
  });

  if (task) tasks.push((task as TaskReader).end());
  if (fence)
    report('FENCE_OPEN', (fence as Fence).line, 'This code block is never closed.', 'Close it with the same marks.');
  if (comment !== undefined) report('COMMENT_OPEN', comment, 'This comment is never closed.', 'Close it with -->.');
  return document;
}

/** Meant for the task above it, but outside of it: it would be lost. */
function isLost(line: string, above: 'task' | 'gap' | 'prose'): boolean {
  if (above === 'prose') return false;
  if (readFieldLine(line.trim()) || readFence(line, 0)?.language === 'sh') return true;
  return above === 'task' && !opensBlock(line) && !readFence(line, 0);
}

const nameCharsMax = 41;

/** The names that were given, and for the other tasks one made of the title: `Add a parser` is `add-a-parser`. */
function namesOf(tasks: readonly Task[]): ReadonlyMap<Task, string> {
  const taken = new Set(tasks.map((task) => task.name));
  const lastNumber = new Map<string, number>();
  return new Map(
    tasks.map((task) => {
      if (task.name !== undefined) return [task, task.name];
      const slug = slugOf(task.title);
      let name = slug;
      for (let n = lastNumber.get(slug) ?? 2; taken.has(name); n += 1) {
        const ending = `-${n}`;
        name = slug.slice(0, nameCharsMax - ending.length) + ending;
        lastNumber.set(slug, n + 1);
      }
      taken.add(name);
      return [task, name];
    }),
  );
}

function slugOf(title: string): string {
  const words = title
    .slice(0, 200)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const slug = words.join('-').slice(0, nameCharsMax).replace(/-$/, '');
  return slug === '' ? 'task' : slug;
}
