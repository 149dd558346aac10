/** What the Mayor says of a checklist's formulas, with a real repository that has some of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Repo } from '../../../core/ports.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { replace } from '../../../core/step.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { makeHandler } from '../../../lambdas/intents/mayor.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { boundedMatch } from '../../../local/bounded-match.ts';
import { builtInFormulas } from '../../../local/built-in-formulas.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { convoyOf, openTown } from './town.ts';

const three = 'formula = "three"\n[vars.who]\nrequired = true\n[[steps]]\nid = "a"\ntitle = "For {{who}}"\n';
/** The built-in one of this name requires a scope. */
const review = 'formula = "code-review"\n[[steps]]\nid = "a"\ntitle = "Review"\n';

let rig: TestRig;
let cache: string;
let repo: Repo;
beforeAll(() => {
  rig = makeTestRig();
  rig.plant(
    'main',
    [
      { path: '.gastown/formulas/three.toml', content: three },
      { path: '.gastown/formulas/code-review.toml', content: review },
      { path: '.gastown/formulas/broken.toml', content: 'formula = "broken"\n\n[[steps]]\nid = "a"\n' },
    ],
    [],
  );
  cache = mkdtempSync(join(tmpdir(), 'formulas-'));
  repo = makeGitRepo({ cacheDir: cache, clock: { now: () => 0 } });
});
afterAll(() => {
  rig.remove();
  rmSync(cache, { recursive: true, force: true });
});

async function planned(text: string, url = rig.remote.url) {
  const town = await openTown({ 'agent.runtime': 'claude' });
  const was = await load.rig(town.ledger, 'green');
  if (!was) throw new Error('no rig');
  const real: Rig = { ...was.body, url };
  await town.ledger.commit({ id: 'url', changes: [replace(was, real)] });
  const { convoy } = await submitIntent(town, { caller: 'ada', text, rig: 'green', plan: 'auto' });
  const mayor = makeHandler({ ...town, repo, formulas: { builtIn: builtInFormulas, matches: boundedMatch } });
  const { go } = await mayor({ op: 'plan', convoy: convoy.id });
  const faults = (await convoyOf(town, convoy.id)).faults ?? [];
  return { go, faults: faults.map(({ at, code, what }) => `${at} ${code} ${what}`) };
}

const task = (...lines: string[]) => `# T\n\n- [ ] a: Do it\n${lines.map((line) => `  ${line}\n`).join('')}`;

test.each([
  [
    'a value that it requires',
    ['formula: three'],
    'line 4 VAR_MISSING Bead "a" cannot follow "three". The variable who is required.',
  ],
  [
    'a variable that it has',
    ['formula: three', 'var: who = me', 'var: whoo = you'],
    'line 6 VAR_UNKNOWN Bead "a" cannot follow "three". The formula has no variable "whoo". Did you mean "who"?',
  ],
  [
    'a formula of the rig’s',
    ['formula: thre'],
    'line 4 FORMULA_UNKNOWN Bead "a" cannot follow "thre". There is no formula "thre". Did you mean "three"?',
  ],
  [
    'a built-in formula',
    ['formula: shinny'],
    'line 4 FORMULA_UNKNOWN Bead "a" cannot follow "shinny". There is no formula "shinny". Did you mean "shiny"?',
  ],
  [
    'a formula without faults',
    ['formula: broken'],
    'line 4 FORMULA_KEY_MISSING Bead "a" cannot follow "broken". broken.toml, line 3: Step "a" has no title.',
  ],
  [
    'a variable where it names no formula',
    ['var: issue = 4'],
    'line 4 VAR_UNKNOWN Bead "a" cannot follow "polecat-work". The formula has no variable "issue".',
  ],
])('a task without %s is refused with its line', async (_, lines, said) => {
  expect(await planned(task(...lines))).toEqual({ go: 'refused', faults: [said] });
});

test.each([
  ['gives what is required', task('formula: three', 'var: who = me')],
  ['follows the rig’s own formula, which goes before the built-in one', task('formula: code-review')],
  [
    'has a script, which is one step whatever it names',
    task('formula: nowhere', 'runtime: shell', '```sh', 'true', '```'),
  ],
  [
    'waits for the task that writes its formula',
    `${task('Write .gastown/formulas/later.toml.')}- [ ] b: Follow it\n  needs: a\n  formula: later\n`,
  ],
])('a task that %s is planned', async (_, text) => {
  expect(await planned(text)).toEqual({ go: 'launch', faults: [] });
});

test('a repository that cannot be read leaves the formulas for the polecat to judge', async () => {
  expect(await planned(task('formula: three'), '/nowhere.git')).toEqual({ go: 'launch', faults: [] });
});
