import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmTaskListItemFromMarkdown } from 'mdast-util-gfm-task-list-item';
import { gfmTaskListItem } from 'micromark-extension-gfm-task-list-item';
import { planSchema } from '../../../core/convoys/plan.ts';
import { parseChecklist, titleOf } from '../../../core/intents/checklist.ts';

const text = (...lines: string[]): string => lines.join('\n');
const beadsOf = (markdown: string) => parseChecklist(markdown).plan.beads;
const only = (markdown: string) => {
  const { plan, faults } = parseChecklist(markdown);
  expect(faults).toEqual([]);
  expect(plan.beads).toHaveLength(1);
  return plan.beads[0];
};
const codes = (markdown: string) => parseChecklist(markdown).faults.map(({ code, at }) => `${at} ${code}`);

describe('a task', () => {
  test('has a name, a title, fields, instructions and a script', () => {
    const bead = only(
      text(
        '- [ ] greet: Add a `greeting`',
        '  needs: setup, config',
        '  accept: it greets',
        '  - accept: it has a test',
        '  priority: 0',
        '  type: feature',
        '  labels: ui, small',
        '  budget: $2.50',
        '  runtime: command',
        '  ref: https://example.org/issues/7',
        '',
        '  Say hello *politely*:',
        '',
        '  - once',
        '    and only once',
        '  ```js',
        '  needs: "not a field"',
        '  ```',
        '',
        '  ```sh',
        '  if true; then',
        '    echo hello',
        '  fi',
        '  ```',
      ),
    );
    expect(bead).toEqual({
      name: 'greet',
      title: 'Add a `greeting`',
      needs: ['setup', 'config'],
      acceptance: ['it greets', 'it has a test'],
      priority: 0,
      type: 'feature',
      labels: ['ui', 'small'],
      budgetUsd: 2.5,
      runtime: 'command',
      externalRef: 'https://example.org/issues/7',
      instructions: 'Say hello *politely*:\n\n- once\n  and only once\n```js\nneeds: "not a field"\n```',
      script: 'if true; then\n  echo hello\nfi\n',
    });
  });

  test.each([
    '- [ ] a: A\n    needs: b',
    '- [ ] a: A\n\tneeds: b',
    '1. [ ] a: A\n   needs: b',
    '* [ ] a: A\n\n  needs: b',
  ])('takes fields at any indentation that belongs to it: %j', (markdown) => {
    expect(only(markdown)?.needs).toEqual(['b']);
  });

  test('without a name is called after its title, and two of them differ', () => {
    const names = beadsOf('- [ ] Größe & Farbe!\n- [ ] Größe, Farbe\n- [ ] grosse-farbe: x\n- [ ] !!!\n- [ ] ???').map(
      (b) => b.name,
    );
    expect(names).toEqual(['gro-e-farbe', 'gro-e-farbe-2', 'grosse-farbe', 'task', 'task-2']);
  });

  test('never takes a name that another one was given', () => {
    expect(beadsOf('- [ ] Add it\n- [ ] add-it: Given').map((b) => b.name)).toEqual(['add-it-2', 'add-it']);
  });

  test('that is done is no bead, and whoever needs it need not wait', () => {
    const beads = beadsOf(
      '- [x] base: Done\n  nonsense: ignored\n- [ ] top: Open\n  needs: base, other\n- [ ] other: O',
    );
    expect(beads.map((b) => [b.name, b.needs])).toEqual([
      ['top', ['other']],
      ['other', []],
    ]);
  });

  test('is not found in prose, quotes, code, comments or HTML around', () => {
    const markdown = text(
      '# Title #',
      'See [x](y) and [ ].',
      '> - [ ] quoted: No',
      '',
      '```md',
      '- [ ] fenced: No',
      '```',
      '<!--',
      '- [ ] hidden: No',
      '-->',
      '- a plain item',
      '',
      '- [ ] real: Yes',
      '  <!--',
      '  needs: hidden',
      '  -->',
    );
    const { plan, faults } = parseChecklist(markdown);
    expect(faults).toEqual([]);
    expect(plan.title).toBe('Title');
    expect(plan.beads.map((bead) => [bead.name, bead.needs])).toEqual([['real', []]]);
  });

  test('keeps a sentence that begins with a word and a colon, if the word has a capital', () => {
    expect(only('- [ ] a: A\n  Note: this\n  - note: that')?.instructions).toBe('Note: this\n- note: that');
  });

  test('is read alike whatever ends its lines', () => {
    const markdown = '# T\n\n- [ ] a: A\n  needs: b\n\n  ```sh\n  true\n  ```\n- [ ] b: B\n';
    for (const end of ['\r\n', '\r']) {
      expect(parseChecklist(markdown.replaceAll('\n', end)).plan).toEqual(parseChecklist(markdown).plan);
    }
  });
});

describe('what is nearly right is refused with its line', () => {
  test.each([
    ['a misspelt field', '- [ ] a: A\n  neds: b', 'line 2 FIELD_UNKNOWN'],
    ['a misspelt field with a bullet', '- [ ] a: A\n  - neds: b', 'line 2 FIELD_UNKNOWN'],
    ['a field that is given twice', '- [ ] a: A\n  priority: 1\n  priority: 2', 'line 3 FIELD_REPEATED'],
    ['an urgency that is no number', '- [ ] a: A\n  priority: high', 'line 2 FIELD_INVALID'],
    ['a type that is none', '- [ ] a: A\n  type: bugs', 'line 2 FIELD_INVALID'],
    ['a budget beyond the limit', '- [ ] a: A\n  budget: 10000.01', 'line 2 FIELD_INVALID'],
    ['empty needs', '- [ ] a: A\n  needs: ,', 'line 2 FIELD_INVALID'],
    ['a box without its space', '- [] a: A', 'line 1 TASK_MALFORMED'],
    ['a bullet without its space', '-[ ] a: A', 'line 1 TASK_MALFORMED'],
    ['a title without its space', '- [ ]a: A', 'line 1 TASK_MALFORMED'],
    ['a box alone', '- [ ]', 'line 1 TASK_MALFORMED'],
    ['an indented task', 'text\n\n    - [ ] a: A', 'line 3 TASK_MALFORMED'],
    ['a task in a task', '- [ ] a: A\n  - [ ] b: B', 'line 2 TASK_NESTED'],
    ['a field that is not indented', '- [ ] a: A\n\nneeds: b', 'line 3 NOT_INDENTED'],
    ['a script that is not indented', '- [ ] a: A\n\n```sh\ntrue\n```', 'line 3 NOT_INDENTED'],
    ['a paragraph that goes on without indentation', '- [ ] a: A\nand more', 'line 2 NOT_INDENTED'],
    ['two scripts', '- [ ] a: A\n  ```sh\n  a\n  ```\n  ```sh\n  b\n  ```', 'line 5 SCRIPT_REPEATED'],
    ['a script that is not closed', '- [ ] a: A\n  ```sh\n  a\n- [ ] b: B', 'line 2 FENCE_OPEN'],
    ['code that swallows the rest', '```\n- [ ] a: A', 'line 1 FENCE_OPEN'],
    ['a comment that swallows the rest', '<!--\n- [ ] a: A', 'line 1 COMMENT_OPEN'],
    ['an open task called like one that is done', '- [x] a: A\n- [ ] a: B', 'line 1 NAME_DUPLICATE'],
    ['a NUL', '- [ ] a: A\0', 'line 1 CONTROL_CHARACTER'],
  ])('%s', (_, markdown, expected) => {
    expect(codes(markdown)).toEqual([expected]);
  });

  test('a misspelt field is told the nearest one', () => {
    expect(parseChecklist('- [ ] a: A\n  prioritty: 1').faults[0]?.what).toContain('Did you mean "priority"?');
  });

  test('faults of the plan find their lines', () => {
    const { lineOf } = parseChecklist('# T\n\n- [ ] a: A\n  needs: b\n  needs: c\n  type: bug\n- [ ] b: B');
    expect(['/title', '/beads/0/needs/0', '/beads/0/needs/1', '/beads/0/type', '/beads/1/script'].map(lineOf)).toEqual([
      1, 4, 5, 6, 7,
    ]);
  });
});

test('an intent without a heading is called after its first line', () => {
  expect(titleOf('\n  Please fix\tit \n')).toBe('Please fix it');
  expect(titleOf('Hello\n\n# Real title\n')).toBe('Real title');
  expect(titleOf('x'.repeat(1000))).toHaveLength(200);
});

describe('any text', () => {
  const fragments = [
    '- [ ] a: A',
    '- [x] b: B',
    '- [ ] Title',
    '  needs: a',
    '  neds: a',
    'needs: a',
    '  ```sh',
    '```',
    '  ```',
    '~~~',
    '<!--',
    '-->',
    '  - [ ] n',
    '-[ ] x',
    '> quote',
    '# T',
    '## S',
    '',
    '    code',
    '\tneeds: b',
    '  - note: x',
    'prose',
    '1. [ ] one',
    '\0',
    '---',
  ];
  const noise = fc.oneof(
    fc
      .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 12 })), { maxLength: 30 })
      .map((l) => l.join('\n')),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );

  test('gives a plan of the right shape, and every fault has a line of the text', () => {
    fc.assert(
      fc.property(noise, (markdown) => {
        const { plan, faults } = parseChecklist(markdown);
        planSchema.parse(plan);
        const count = markdown.split(/\r\n|\n|\r/).length;
        for (const { at, what, remedy } of faults) {
          const line = Number(/^line (\d+)$/.exec(at ?? '')?.[1]);
          expect(line >= 1 && line <= count).toBe(true);
          expect(what && remedy).toBeTruthy();
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of 256 KiB is read to its end, however it nests or repeats', () => {
    const size = 256 * 1024;
    for (const unit of [
      '\n',
      'a\n',
      'a\n\n',
      '> ',
      '- ',
      '1. ',
      '- [ ] a\n',
      '- [ ] a: A\n  neds: b\n',
      '-[ ] a\n',
      '`',
      '```\n',
      '```sh\na\n',
      '[',
      '# ',
      '#',
      ' ',
      '\t',
      '*a ',
      '<!--',
      '  a\n',
      ' #',
      'a: ',
      '- [ ] a\n```\n',
      '- [ ] a\n  <!--\n',
      '~',
    ]) {
      const markdown = unit.repeat(Math.ceil(size / unit.length));
      expect(parseChecklist(markdown).plan.beads.length).toBeLessThanOrEqual(size);
      expect(parseChecklist(`- [ ] a\n  ${markdown}`).plan.beads.length).toBeGreaterThanOrEqual(1);
    }
  });
});

/** GitHub's own reading of a text: its tasks outside of quotes and other items, open or done. */
function tasksOnGitHub(markdown: string): (boolean | null | undefined)[] {
  const root = fromMarkdown(markdown, {
    extensions: [gfmTaskListItem()],
    mdastExtensions: [gfmTaskListItemFromMarkdown()],
  });
  return root.children
    .flatMap((node) => (node.type === 'list' ? node.children : []))
    .map((item) => item.checked)
    .filter((checked) => checked !== null);
}

test('where nothing is refused, the tasks are those that GitHub shows', () => {
  const blocks = [
    '- [ ] a: A',
    '- [x] b: B',
    '* [X] C',
    '1. [ ] one',
    '  needs: a',
    '  more',
    '   more',
    '    more',
    '',
    '',
    'prose',
    '# T',
    '> - [ ] quoted',
    '```\n- [ ] fenced\n```',
    '  ```\n  - [ ] fenced\n  ```',
    '<!--\n- [ ] hidden\n-->',
    '- plain',
    '  - nested',
    '---',
    '    - code',
    ' - [ ] d: D',
  ];
  const document = fc.array(fc.constantFrom(...blocks), { maxLength: 12 }).map((lines) => lines.join('\n'));
  let compared = 0;
  fc.assert(
    fc.property(document, (markdown) => {
      const { plan, faults } = parseChecklist(markdown);
      if (faults.length > 0) return;
      compared += 1;
      expect(plan.beads).toHaveLength(tasksOnGitHub(markdown).filter((done) => !done).length);
    }),
    { numRuns: 600 },
  );
  expect(compared).toBeGreaterThan(50);
});
