/** Formulas, molecules and plans as a person has them: `gt` as it ships, and a town in a process of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { MoleculeView } from '../../core/molecules/view.ts';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import { called, MessagesApi } from '../local/messages-api.ts';
import { bundleTown, pause, spawnTown, type TownProcess } from '../town/town-process.ts';
import { type Ended, runGt, shipGt } from './command.ts';

// Every command is a process: on a busy machine that takes its time.
jest.setTimeout(180_000);

const model = new MessagesApi();
let dir: string;
let command: string;
let bundle: Awaited<ReturnType<typeof bundleTown>>;
let town: TownProcess;
let rig: TestRig;

const gated = `formula = "gated"
[vars.word]
required = true
pattern = "^[a-z]+$"
[vars.polish]
enum = ["yes", "no"]
default = "no"
[[steps]]
id = "draft"
title = "Write {{word}}"
description = "$ echo {{word}} > draft"
check = "grep -x {{word}} draft"
[[steps]]
id = "polish"
title = "Polish it"
needs = ["draft"]
condition = "{{polish}} == 'yes'"
[[steps]]
id = "final"
title = "Publish {{word}}"
needs = ["draft", "polish"]
gate = { type = "human", question = "Is {{word}} good?" }
description = "$ cp draft final"
`;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gastown-molecule-'));
  [command, bundle] = await Promise.all([shipGt(dir), bundleTown()]);
  const url = await model.listen();
  mkdirSync(join(dir, 'state'));
  town = spawnTown(bundle.file, join(dir, 'state'), `export ANTHROPIC_API_KEY=key ANTHROPIC_BASE_URL=${url};`);
  await town.up();
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'green', '.gastown/formulas/gated.toml': gated });
  mkdirSync(join(dir, 'clone/.gastown/formulas'), { recursive: true });
  writeFileSync(join(dir, 'clone/.gastown/formulas/gated.toml'), gated);
  writeFileSync(join(dir, 'elsewhere.toml'), gated.replace('"gated"', '"elsewhere"'));
  writeFileSync(join(dir, 'words.md'), 'Write it *well*.\n');
  // Runs the lines of its prompt that begin with `$ `.
  writeFileSync(join(dir, 'agent.sh'), `sed -n 's/^\\$ //p' "$1" > ../todo.sh && . ../todo.sh\n`);
  await gt('rig', 'add', 'green', rig.remote.url);
  for (const [key, value] of [
    ['refinery.gates.test', 'true'],
    ['agent.runtime', 'command'],
    ['agent.command', `sh ${join(dir, 'agent.sh')} {prompt}`],
  ] as const)
    expect((await gt('rig', 'config', 'green', key, value)).code).toBe(0);
});
afterAll(async () => {
  expect(await town?.stop()).toBe(0);
  bundle?.remove();
  model.close();
  rig?.remove();
  if (dir) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

const gt = (...words: string[]): Promise<Ended> =>
  runGt(command, join(dir, 'clone'), {}, [...words, '--dir', join(dir, 'state')]);

async function json<T>(...words: string[]): Promise<T> {
  const { code, out, err } = await gt(...words, '--json');
  if (code !== 0) throw new Error(`gt ${words.join(' ')}: ${err}`);
  return JSON.parse(out) as T;
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await pause(100)) {
    const found = await ask();
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain; the town said:\n${town.said()}`);
}

interface Convoy {
  readonly id: string;
  readonly status: string;
  readonly title: string;
  readonly beads: readonly { readonly id: string; readonly name: string; readonly title: string }[];
}
const convoyOnce = (id: string, status: string): Promise<Convoy> =>
  until(async () => {
    const seen = await json<Convoy>('convoy', 'show', id);
    return seen.status === status ? seen : undefined;
  });

describe('gt formula run', () => {
  test('refuses what could not be done, with the reason, before the town hears of it', async () => {
    const run = (...words: string[]) => gt('formula', 'run', '--rig', 'green', ...words);
    const refusals = [
      [['gated'], 1, /^VARIABLES_REFUSED: word: The variable word is required\. Give it: --var word=/],
      [['gated', '--var', 'word='], 1, /^VARIABLES_REFUSED: word: The variable word is required\./],
      [['gated', '--var', 'word=a', '--title', ' '], 2, /^USAGE: The title is empty\./],
      [['gated', '--var', 'word=UPPER'], 1, /^VARIABLES_REFUSED: .*"UPPER", which does not match/],
      [['gated', '--var', 'word=a', '--var', 'wrd=b'], 1, /Did you mean "word"\? It has word, polish\./],
      [['gated', '--var', 'word=a', '--var', 'polish=maybe'], 1, /"maybe", not one of yes, no/],
      [['gated', '--var', 'word'], 2, /no variable and value/],
      [['gaetd', '--var', 'word=a'], 1, /^FORMULA_UNKNOWN: .*Did you mean "gated"\?/],
      [['../elsewhere.toml', '--var', 'word=a'], 1, /^FORMULA_NOT_IN_RIG: .*\.gastown\/formulas\/elsewhere\.toml/],
      [['../nothing.toml'], 1, /^FILE_UNREADABLE: /],
      [['security-audit', '--file', '../words.md'], 2, /has its own beads/],
      [['gated', '--var', 'word=a', '--file', '../none.md'], 1, /^FILE_UNREADABLE: /],
      [['gated', '--var', 'word=a', '--rig', 'gren'], 1, /^RIG_UNKNOWN: .*Did you mean "green"\?/],
    ] as const;
    const answers = await Promise.all(refusals.map(([words]) => run(...words)));
    for (const [i, [, code, err]] of refusals.entries())
      expect(answers[i]).toMatchObject({ code, out: '', err: expect.stringMatching(err) });
    expect(await json('convoy', 'list')).toEqual({ convoys: [] });
  });
});

describe('gt mol', () => {
  let id = '';
  let bead = '';

  test('shows the steps of a bead while it waits at a gate', async () => {
    const words = ['gated', '--rig', 'green', '--var', 'word=hello', '--title', 'Say hello', '--file', '../words.md'];
    ({
      convoy: { id },
    } = await json<{ convoy: Convoy }>('formula', 'run', ...words, '--key', 'once'));
    expect((await json<{ repeated: boolean }>('formula', 'run', ...words, '--key', 'once')).repeated).toBe(true);
    bead = await until(async () => (await json<Convoy>('convoy', 'show', id)).beads[0]?.id);
    expect((await gt('bead', 'show', bead)).out).toMatch(/Say hello[\s\S]*Write it \*well\*\./);
    await until(async () => ((await json<MoleculeView>('mol', 'status', bead)).gate ? true : undefined));

    const { out } = await gt('mol', 'status', bead);
    expect(out).toMatch(/It waits at a human gate: .*Is hello good\?/);
    expect(out).toMatch(/^draft +done +\S+@1 +1 /m);
    expect(out).toMatch(/^polish +skipped .*\{\{polish\}\} == 'yes'/m);
    expect(out).toMatch(/^final +waiting /m);

    expect((await gt('mol', 'dag', bead)).out.split('\n').slice(1, 4)).toEqual([
      '  draft done',
      '  polish skipped  <- draft',
      '  final waiting  <- draft, polish',
    ]);
    const { edges } = await json<{ edges: readonly { from: string; to: string }[] }>('mol', 'dag', bead);
    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['draft polish', 'draft final', 'polish final']);

    const step = await gt('mol', 'step', bead, 'draft');
    expect(step.out).toMatch(
      /^draft +done +Write hello\ncheck: grep -x 'hello' draft\nby \S+, attempt 1, 1 tries\nleft [0-9a-f]{40}\n/,
    );
    expect((await gt('mol', 'step', bead, 'final')).out).toContain('gate: human');
  });

  test('says what it does not know', async () => {
    expect(await gt('mol', 'step', bead, 'finl')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^STEP_UNKNOWN: .*Did you mean "final"\? See gt mol status/),
    });
    const unknown = [`${bead}9`, 'zz', '../..', '', 'a'.repeat(3000)];
    const asked = unknown.flatMap((one) => [gt('mol', 'status', one), gt('mol', 'dag', one)]);
    const said = /^(BEAD_UNKNOWN|ROUTE_UNKNOWN|INPUT_INVALID): /;
    for (const one of await Promise.all(asked))
      expect(one).toMatchObject({ code: 1, out: '', err: expect.stringMatching(said) });
    expect((await gt('mol', 'step', bead)).code).toBe(2);
  });

  test('shows all of them done once the gate was opened and the bead has landed', async () => {
    const { escalations } = await json<{ escalations: { id: string; bead?: string }[] }>('escalations', 'list');
    const asked = escalations.find((one) => one.bead === bead)?.id ?? '';
    expect((await gt('escalations', 'answer', asked, 'Yes')).code).toBe(0);
    await convoyOnce(id, 'landed');
    const { steps } = await json<MoleculeView>('mol', 'status', bead);
    expect(steps.map(({ state }) => state)).toEqual(['done', 'skipped', 'done']);
    expect(rig.show('main', 'final')).toBe('hello');
  });
});

describe('a plan of the model that waits for a human', () => {
  const planned = (name: string) => ({
    name,
    title: `Write ${name}`,
    instructions: `$ echo ${name} > ${name}.txt`,
    acceptance: [{ kind: 'command', text: `test -s ${name}.txt` }],
    files: [`${name}.txt`],
  });
  const plan = (...names: string[]) => called('submit_plan', { title: 'A greeting', beads: names.map(planned) });
  let id = '';
  const file = () => join(dir, 'plan.json');

  test('is shown, sent back with a comment that the model reads, and made again', async () => {
    model.answers(plan('all'), plan('hello', 'world'));
    writeFileSync(join(dir, 'prose.md'), 'Greet the world.\n');
    const handedIn = ['submit', '../prose.md', '--rig', 'green', '--review', '--key', 'prose'];
    ({
      convoy: { id },
    } = await json<{ convoy: Convoy }>(...handedIn));
    await convoyOnce(id, 'staged');
    const shown = await gt('convoy', 'plan', id);
    expect(shown.out).toContain('all: Write all\n  touches all.txt\n  $ echo all > all.txt\n  done means: ');
    expect((await gt('convoy', 'reject', id, '--because', 'one file a bead')).out).toContain(
      `The plan of ${id} was sent back`,
    );
    const again = await until(async () => {
      const now = await json<Convoy>('convoy', 'show', id);
      return now.status === 'staged' && now.beads.length === 2 ? now : undefined;
    });
    expect(again.beads.map(({ name }) => name)).toEqual(['hello', 'world']);
    expect(JSON.stringify(model.seen.at(-1)?.body.messages)).toContain('one file a bead');
  });

  test('is edited by hand: every fault is told, and none of a faulty one is taken', async () => {
    writeFileSync(file(), (await gt('convoy', 'plan', id, '--json')).out);
    const edit = () => gt('convoy', 'edit', id, '--file', file());
    const right = JSON.parse(readFileSync(file(), 'utf8'));
    const [first, second] = right.beads;
    const refused = async (text: string, ...said: readonly (string | RegExp)[]) => {
      writeFileSync(file(), text);
      const { code, out, err } = await edit();
      expect([code, out]).toEqual([1, '']);
      for (const one of said) expect(err).toMatch(one);
    };
    await refused('{\n  x', /^PLAN_UNREADABLE: .* is no JSON: line 2, column 3: .* Write one as gt convoy plan/);
    await refused('[]', /^INPUT_INVALID: /);
    await refused('{"beads":[]}', /^INPUT_INVALID: "title" must be of the type string, and is missing\. /);
    await refused(JSON.stringify({ title: 'x', beads: [] }), /^PLAN_INVALID: .*no beads/);
    await refused(JSON.stringify({ ...right, beads: [first, { ...second, colour: 'red' }] }), /Unknown field "colour"/);
    const twice = [
      { ...first, needs: ['wrld'] },
      { ...second, name: first.name, title: '' },
    ];
    await refused(JSON.stringify({ ...right, beads: twice }), /no title/, /both called "hello"/, /needs "wrld"/);
    await refused(JSON.stringify({ ...right, title: 'x'.repeat(1_100_000) }), /^BODY_TOO_LARGE: /);
    expect(await gt('convoy', 'edit', id, '--file', join(dir, 'none.json'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^PLAN_UNREADABLE: .*ENOENT/),
    });
    expect(await json('convoy', 'plan', id)).toEqual(right);

    const edited = { title: 'Mine', beads: [first, { ...second, needs: [first.name], title: 'Write it after' }] };
    writeFileSync(file(), JSON.stringify(edited));
    expect((await edit()).out).toContain('was changed');
    const now = await until(async () => {
      const seen = await json<Convoy>('convoy', 'show', id);
      return seen.status === 'staged' && seen.title === 'Mine' ? seen : undefined;
    });
    expect(now.beads.map(({ title }) => title)).toEqual(['Write hello', 'Write it after']);
    expect(await json('convoy', 'plan', id)).toEqual(edited);
  });

  test('is launched as it was edited, and from then on it is nobody’s to change', async () => {
    expect((await gt('convoy', 'launch', id)).code).toBe(0);
    const late = { code: 1, out: '', err: expect.stringMatching(/^CONVOY_NOT_STAGED: .*is (open|landed)/) };
    expect(await gt('convoy', 'edit', id, '--file', file())).toMatchObject(late);
    expect(await gt('convoy', 'reject', id, '--because', 'too late')).toMatchObject(late);
    await convoyOnce(id, 'landed');
    const landed = (await gt('convoy', 'show', id)).out;
    expect(landed).toContain(
      '2 commits in 2 attempts, $0.0001 a landed bead. Planning took 2 calls, 24 tokens in and 6 out.',
    );
    expect(landed).toContain('Models: $0.0002, $0.0002 of it by the Mayor.');
    expect((await gt('costs', '--convoy', id)).out).toContain(
      "$0.0002 for models, $0.0002 of it for the Mayor's calls",
    );
    expect(rig.show('main', 'hello.txt')).toBe('hello');
    expect(rig.show('main', 'world.txt')).toBe('world');
  });

  test('must exist, and be a plan that a model made to be sent back', async () => {
    const unknown = { code: 1, out: '', err: expect.stringMatching(/^CONVOY_UNKNOWN: /) };
    expect(await gt('convoy', 'plan', 'zzzzzz')).toMatchObject(unknown);
    expect(await gt('convoy', 'reject', 'zzzzzz', '--because', 'x')).toMatchObject(unknown);
    expect(await gt('convoy', 'edit', 'zzzzzz', '--file', file())).toMatchObject(unknown);
    expect((await gt('convoy', 'reject', id)).code).toBe(2);
    expect((await gt('convoy', 'edit', id)).code).toBe(2);
    writeFileSync(join(dir, 'list.md'), '# List\n\n- [ ] a: Do a\n\n  ```sh\n  true\n  ```\n');
    const { convoy } = await json<{ convoy: Convoy }>('submit', '../list.md', '--rig', 'green', '--review');
    expect(await gt('convoy', 'reject', convoy.id, '--because', 'better')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^PLAN_BY_HAND: .*gt convoy edit/),
    });
    expect((await gt('convoy', 'reject', convoy.id, '--because', '')).err).toMatch(/^INPUT_INVALID: /);
    expect((await gt('convoy', 'reject', convoy.id, '--because', 'x'.repeat(4001))).err).toMatch(/^INPUT_INVALID: /);
    expect((await gt('convoy', 'cancel', convoy.id)).code).toBe(0);
    expect((await gt('convoy', 'reject', convoy.id, '--because', 'x')).err).toMatch(/^CONVOY_NOT_STAGED: .*cancelled/);
  });
});
