/** Finds the gt commands that people are told to type, and holds each against the tree of commands. */
import type { Command } from 'commander';
import ts from 'typescript';

export interface Told {
  readonly text: string;
  /** Every word of it belongs to the command; in a sentence, prose may follow. */
  readonly whole: boolean;
}

const spelling = /^(?:npm run gt -- |gt )/;
/** What an agent says inside its sandbox; there, `gt` is another program. */
const saidByAgents = /^done\b/;

/** Code spans and lines of code blocks. */
export function commandsOfMarkdown(markdown: string): Told[] {
  const blocks = markdown.split('\n').map((line) => line.replace(/\s+#\s.*$/, '').trim());
  const spans = [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans]
    .filter((line) => spelling.test(line))
    .map((line) => ({ text: line.replace(spelling, ''), whole: true }));
}

/** String literals and templates of a source file; what a template inserts becomes `<x>`. */
export function commandsOfSource(source: string): Told[] {
  const literals: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) literals.push(node.text);
    if (ts.isTemplateExpression(node))
      literals.push(node.head.text + node.templateSpans.map((span) => `<x>${span.literal.text}`).join(''));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest));
  return literals
    .flatMap((literal) => literal.split('\n'))
    .flatMap((line) => [...line.matchAll(/(?<![\w-])gt ((?:(?!\bgt )[^;`])+)/g)])
    .map(([, text = '']) => ({ text, whole: false }))
    .filter(({ text }) => !saidByAgents.test(text));
}

interface Word {
  readonly text: string;
  /** A comma, a full stop or the like follows: the sentence goes on, the command does not. */
  readonly last: boolean;
}

const wordsOf = (text: string): Word[] =>
  [...text.matchAll(/("[^"]*"|<[^>]*>|[^\s"<>]+?)([.,:)?]*)(?=\s|<|$)/g)].map(([, word = '', mark = '']) => ({
    text: word,
    last: mark !== '',
  }));

const argument = /^("|<|\d|[a-z]+\.[a-z_.]+$)/;

/** What is wrong with it; `undefined` if it can be typed. Naming a command without any word after it is always fine. */
export function faultOf(program: Command, told: Told): string | undefined {
  const words = wordsOf(told.text).filter(({ text }) => text !== '--help');
  let command = program;
  let ended = false;
  const next = (): Word | undefined => {
    const word = ended ? undefined : words.shift();
    ended ||= !told.whole && word?.last === true;
    return word;
  };
  while (command.commands.length > 0) {
    const word = next();
    if (word === undefined && told.text.includes('--help')) return undefined;
    if (word === undefined) return told.whole || command === program ? `${command.name()} needs a command` : undefined;
    const below = command.commands.find((one) => one.name() === word.text);
    if (!below) return `no command "${word.text}"`;
    command = below;
  }
  const args: string[] = [];
  const options: string[] = [];
  for (let word = next(); word; word = next()) {
    const { text } = word;
    if (text.startsWith('--')) {
      const option = [...command.options, ...program.options].find((one) => one.long === text);
      if (!option) return `no option ${text}`;
      if (option.required && next() === undefined) return `${text} needs a value`;
      options.push(text);
    } else if (told.whole || argument.test(text)) args.push(text);
    else break;
  }
  return args.length + options.length === 0 ? undefined : missing(command, args, options);
}

function missing(command: Command, args: readonly string[], options: readonly string[]): string | undefined {
  const { registeredArguments: wanted } = command;
  const least = wanted.filter((one) => one.required).length;
  const most = wanted.some((one) => one.variadic) ? Number.POSITIVE_INFINITY : wanted.length;
  if (args.length < least || args.length > most) return `takes ${least} to ${most} arguments, not ${args.length}`;
  const absent = command.options.find((one) => one.mandatory && !options.includes(one.long ?? ''));
  return absent && `needs ${absent.flags}`;
}
