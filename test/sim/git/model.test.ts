import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChainResult, Remote, Repo } from '../../../core/ports.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { bundleScript } from '../../../local/bundle-script.ts';
import { type GitSpawner, makeGitSpawner } from '../../../local/git-spawner.ts';
import { makeRandom } from '../kernel/random.ts';
import { type Deed, History } from './histories.ts';
import { Origin } from './origin.ts';
import type { Question } from './questions.ts';
import { doInGit, makeBare, refsOf } from './real.ts';
import { makeModelRepo } from './repo.ts';

/** `GIT_MODEL_SEED=7 npm test -- test/sim/git` looks at other histories. */
const seed = process.env.GIT_MODEL_SEED ?? '1';
const histories = 100;
/** The more refs a repository has, the longer takes each push to it. */
const historiesPerRepository = 10;
const deedsPerRound = [12, 5];

describe('the model of git answers as git does', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gastown-model-'));
  let spawner: GitSpawner;
  let git: Repo;
  beforeAll(async () => {
    // Jest is too large a process to fork for each git.
    const entry = new URL('../../../git/spawner.ts', import.meta.url);
    spawner = makeGitSpawner(await bundleScript(entry, join(dir, 'spawner')));
    git = makeGitRepo({ cacheDir: join(dir, 'cache'), clock: { now: () => 0 }, run: spawner.run });
  });
  afterAll(() => {
    spawner.close();
    rmSync(dir, { recursive: true });
  });

  test(`over ${histories} random histories: chains, faults, trees, pushes, ancestry and refs`, async () => {
    const heard = new Set<string>();
    const disagreements: unknown[] = [];

    async function compare(n: number): Promise<void> {
      const remote: Remote = { rig: `r${n}`, url: join(dir, `${n}.git`) };
      const origin = new Origin();
      const model = makeModelRepo({ origins: new Map([[remote.url, origin]]) });
      const names = Array.from({ length: historiesPerRepository }, (_, i) => `h${n}-${i}`);
      const all = names.map((name) => new History(name, makeRandom(`${seed} ${name}`), origin));
      makeBare(remote.url);
      const ask = async (where: string, question: Question): Promise<unknown> => {
        const [said, truth] = [await answer(question, model, remote), await answer(question, git, remote)];
        if (!isDeepStrictEqual(said, truth)) disagreements.push({ where, said, truth });
        for (const kind of kindsOf(truth)) heard.add(kind);
        return said;
      };
      for (const [round, count] of deedsPerRound.entries()) {
        doInGit(
          remote.url,
          all.flatMap((history) => Array.from({ length: count }, (): Deed => history.happen())),
        );
        expect(refsOf(remote.url)).toEqual(refsIn(origin));
        // Pushes are what takes the time: of later chains, half.
        for (const history of all.filter((_, i) => round === 0 || i % 2 === 0)) {
          const where = `${history.main} round ${round}`;
          const built = (await ask(where, history.chain(round))) as ChainResult;
          for (const question of history.questions(built)) await ask(where, question);
        }
        expect(refsOf(remote.url)).toEqual(refsIn(origin));
      }
    }

    await Promise.all(Array.from({ length: histories / historiesPerRepository }, (_, n) => compare(n)));
    expect(disagreements).toEqual([]);
    const missing = [
      ...['built 1', 'built 2', 'built 3', 'with base', 'with chain', 'yes', 'stale', 'true', 'false'],
      ...['branch_gone', 'head_moved', 'conflict', 'empty', 'unrelated_history'],
    ].filter((kind) => !heard.has(kind));
    expect(missing).toEqual([]);
  }, 120_000);
});

const refsIn = (origin: Origin): ReadonlyMap<string, string> =>
  new Map([...origin.refs].map(([ref, { oid }]) => [ref, oid]));

async function answer(question: Question, repo: Repo, remote: Remote): Promise<unknown> {
  try {
    return await question(repo, remote);
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    return { name, code };
  }
}

/** That all of these are heard shows that the histories are worth comparing. */
function kindsOf(said: unknown): readonly string[] {
  if (typeof said !== 'object' || said === null) return [String(said)];
  const { why, leftOut, pushed, commits, found } = said as Partial<Record<string, never>> as Heard;
  const faults = [...(why ? [{ why }] : []), ...(leftOut ?? [])].flatMap(({ why }) => [why.fault, `with ${why.with}`]);
  return [
    ...faults,
    ...(commits ? [`built ${commits.length}`] : []),
    ...(pushed ? [pushed] : []),
    ...(found ? [found] : []),
  ];
}

interface Heard {
  readonly why?: { readonly fault: string; readonly with?: string };
  readonly leftOut?: readonly { readonly why: { readonly fault: string; readonly with?: string } }[];
  readonly commits?: readonly unknown[];
  readonly pushed?: string;
  readonly found?: string;
}
