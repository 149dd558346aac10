/** What docs/agents.md says of the contract and of each agent is held against the tables and against the harness itself. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { pinnedVersion } from '../../bin/demo/install-agents.ts';
import { presets } from '../../core/polecats/presets.ts';
import { runtimes } from '../../core/polecats/runtime.ts';
import { parseSetting } from '../../core/rigs/config.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { jobFor, type Rig, Yard } from '../containers/polecat/rig.ts';

jest.setTimeout(60_000);

const page = readFileSync(path.join(projectRoot, 'docs/agents.md'), 'utf8');

test('the table of known agents is that of the presets and of the versions that are pinned', () => {
  const listed = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \| `([^`]+)` (\S+) \| (\w+) \| (.+) \|$/gm)];
  expect(listed.map((row) => row.slice(1))).toEqual(
    Object.entries(presets).map(([name, { argv, from, budget, keys }]) => [
      name,
      argv[0],
      from,
      pinnedVersion(from),
      budget,
      keys.map((key) => `\`${key}\``).join(', ') || 'none',
    ]),
  );
});

test('each preset names the version that is pinned, and the page installs no other', () => {
  const pinned = Object.values(presets).map(({ from }) => `${from}@${pinnedVersion(from)}`);
  expect(Object.values(presets).map(({ from, version }) => `${from}@${version}`)).toEqual(pinned);
  const installed = [...page.matchAll(/^ {4}npm i -g (\S+)$/gm)].map(([, one = '']) => one);
  expect(installed.length).toBeGreaterThan(0);
  expect(installed.filter((one) => !pinned.includes(one))).toEqual([]);
});

test('every agent is switched on by settings that a rig takes, and by a budget where it is hard', () => {
  const settings = [...page.matchAll(/^ {4}gt rig config mine (\S+) (.+)$/gm)].map(([, key = '', value = '']) =>
    parseSetting(key, value.replace(/^"(.*)"$/, '$1')),
  );
  const named = settings.filter(({ key }) => key === 'agent.runtime').map(({ value }) => value);
  expect([...named, 'shell'].sort()).toEqual([...runtimes].sort());
  const budgets = settings.filter(({ key, value }) => key === 'budget.per_bead_usd' && Number(value) > 0);
  expect(budgets).toHaveLength(Object.values(presets).filter(({ budget }) => budget === 'hard').length);
});

describe('the contract', () => {
  const yard = new Yard();
  let rig: Rig;
  beforeAll(async () => {
    await yard.open();
    rig = yard.makeRig('rig');
  });
  afterAll(() => yard.close());

  test('names what an agent gets of the environment, and it gets no other name that sounds of a secret', async () => {
    const job = jobFor(rig, 'env > env.txt');
    await yard.polecat(job, { AWS_SECRET_ACCESS_KEY: 'x'.repeat(40), CODEX_API_KEY: 'y'.repeat(20) });
    const given = [...rig.show(job.branch, 'env.txt').matchAll(/^(\w+)=/gm)].map(([, name = '']) => name);
    const [contract = ''] = page.split('| an agent gives |');
    const named = [...contract.matchAll(/`((?:GASTOWN|ANTHROPIC)_\w+|HOME|TMPDIR|PATH)`/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(9);
    expect(named.filter((name) => !given.includes(name))).toEqual([]);
    expect(given.filter((name) => /KEY|TOKEN|SECRET|CREDENTIAL|AWS/.test(name))).toEqual(['ANTHROPIC_API_KEY']);
  });

  test('is kept by the agent of the page, started by the command of the page', async () => {
    const [, script = ''] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const [, command = ''] = /agent\.command "(.*)"/.exec(page) ?? [];
    const bin = path.join(yard.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'myagent'), script);
    chmodSync(path.join(bin, 'myagent'), 0o755);
    const job = jobFor(rig, '', { agent: command.split(' '), prompt: '# Water the plants\n', script: null });
    const report = await yard.polecat(job, { PATH: `${bin}:${process.env.PATH}` });
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'ASKED.md')).toBe('# Asked of Toast\n# Water the plants');
    expect(yard.town.faults).toEqual([]);
  });
});
