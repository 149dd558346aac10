import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeProgram } from '../../bin/gt/program.ts';
import { parseDone } from '../../containers/polecat/done.ts';
import { commandsOfMarkdown, commandsOfSource, faultOf } from './commands.ts';

const program = makeProgram();
const below = (dir: string, ending: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(dir, name));

/** What an agent says inside its sandbox: there, `gt` is another program, with a parser of its own. */
const faultOfAgent = (text: string): string | undefined => {
  const [, ...words] = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const parsed = parseDone(words);
  return parsed.ok ? undefined : parsed.fault;
};

const faultsIn = (files: readonly string[], find: typeof commandsOfSource) => {
  const told = files.flatMap((file) => find(readFileSync(file, 'utf8')).map((one) => ({ file, ...one })));
  const faults = told.flatMap((one) => {
    const fault = /^done\b/.test(one.text) ? faultOfAgent(one.text) : faultOf(program, one);
    return fault === undefined ? [] : [`${one.file}: gt ${one.text}: ${fault}`];
  });
  return { told: told.length, faults };
};

describe('every gt command that people are told to type exists, with its options and arguments', () => {
  test('in the documents', () => {
    const { told, faults } = faultsIn(['README.md', 'CONTRIBUTING.md', ...below('docs', '.md')], commandsOfMarkdown);
    expect(faults).toEqual([]);
    expect(told).toBeGreaterThan(20);
  });

  test('in what the town says: errors, reasons, escalations', () => {
    const files = [...below('core', '.ts'), ...below('lambdas', '.ts'), ...below('bin/gt', '.ts')];
    const { told, faults } = faultsIn(files, commandsOfSource);
    expect(faults).toEqual([]);
    expect(told).toBeGreaterThan(40);
  });
});

describe('a command that cannot be typed is found', () => {
  test.each([
    ['`gt bead list --ready`', 'no option --ready'],
    ['`gt beads`', 'no command "beads"'],
    ['`gt rig`', 'rig needs a command'],
    ['    npm run gt -- submit intent.md', 'needs --rig <rig>'],
    ['`gt thaw "now"`', 'takes 0 to 0 arguments, not 1'],
    ['`gt convoy retry <id> <id>`', 'takes 1 to 1 arguments, not 2'],
  ])('in a document: %s', (markdown, fault) => {
    expect(commandsOfMarkdown(markdown).map((told) => faultOf(program, told))).toEqual([fault]);
  });

  test.each([
    ['"See gt bead list --ready."', 'no option --ready'],
    ['`gt mq stop $' + '{rig}`', 'no command "stop"'],
    ['`gt why $' + '{a} <b>`', 'takes 1 to 1 arguments, not 2'],
    ['`Look: gt status; gt why $' + '{a}.`', undefined],
    ['"gt convoy list shows them."', undefined],
  ])('in a source file: %s', (source, fault) => {
    expect(
      commandsOfSource(source)
        .map((told) => faultOf(program, told))
        .at(-1),
    ).toBe(fault);
  });
});
