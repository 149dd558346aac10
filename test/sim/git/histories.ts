/** Random histories: what people do to a repository, round by round, and what the town then asks of it. */
import type { ChainLink, ChainRequest, ChainResult } from '../../../core/ports.ts';
import type { Random } from '../kernel/random.ts';
import { mergeCommits } from './merge.ts';
import { type Commit, type Files, filesOf } from './objects.ts';
import { type Origin, type Writing, write } from './origin.ts';
import { type Question, questionsOf } from './questions.ts';

/** One thing that happened: a commit was made (`made`), and a ref was moved, by force or not. */
export interface Deed {
  readonly ref: string;
  readonly to: Commit | undefined;
  readonly made?: Writing & { readonly commit: Commit };
}

const paths = [
  'a',
  'b',
  'src.txt',
  'src/c',
  'src/d',
  'src/e',
  'src/deep/f',
  'src/deep/g',
  'h.test.ts',
  'src/i.test.ts',
];
const branches = ['a', 'b', 'c', 'd'];

export class History {
  readonly #random: Random;
  readonly #origin: Origin;
  readonly #name: string;
  #at = Date.UTC(2026, 0, 1);
  #texts = 0;

  constructor(name: string, random: Random, origin: Origin) {
    this.#name = name;
    this.#random = random;
    this.#origin = origin;
  }

  get main(): string {
    return `refs/heads/${this.#name}/main`;
  }

  #branch(name: string): string {
    return `polecat/${this.#name}/${name}`;
  }

  /** One thing that someone does, done to the model. */
  happen(): Deed {
    const deed = this.#deed();
    this.#origin.push({ ref: deed.ref, to: deed.to, lease: 'any' });
    return deed;
  }

  #deed(): Deed {
    const random = this.#random;
    const main = this.#origin.at(this.main);
    if (!main)
      return this.#commit(this.main, [], Object.fromEntries(paths.slice(2).map((path) => [path, `${path} first\n`])));
    const branch = `refs/heads/${this.#branch(random.pick(branches))}`;
    const now = this.#origin.at(branch);
    const dice = random.next();
    if (dice < 0.12) return this.#commit(this.main, [main]);
    if (dice < 0.16) return this.#commit(this.main, [random.pick([main, ...main.parents])]);
    if (dice < 0.2) return { ref: branch, to: undefined };
    if (dice < 0.23) return this.#commit(branch, [], { b: 'b of another world\n' });
    if (dice < 0.42 && now) return this.#merge(branch, now, this.#anyOther(main));
    if (dice < 0.6) return this.#commit(branch, [this.#anyOther(main)]);
    return this.#commit(branch, [now ?? main]);
  }

  /** Main, another branch, or main as it was. */
  #anyOther(main: Commit): Commit {
    const other = this.#origin.branch(this.#branch(this.#random.pick(branches)));
    return this.#random.pick([main, main, other ?? main, main.parents[0] ?? main]);
  }

  #merge(branch: string, ours: Commit, theirs: Commit): Deed {
    const merge = mergeCommits(ours, theirs);
    if (!('tree' in merge)) return this.#commit(branch, [ours, theirs], this.#files(ours));
    const [before, after] = [new Map(filesOf(ours.tree)), new Map(filesOf(merge.tree))];
    const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => [path, null] as const);
    return this.#commit(branch, [ours, theirs], Object.fromEntries([...gone, ...after]));
  }

  #files(from: Commit | undefined): Files {
    const random = this.#random;
    const there = from ? [...filesOf(from.tree)].map(([path]) => path) : [];
    const changed = [1, 2].slice(random.between(0, 1)).map((): [string, string | null] => {
      if (random.chance(0.2) && there.length > 2) return [random.pick(there), null];
      const path = random.pick(paths);
      // Two may write the same by chance; what stands at different paths is never alike.
      if (!random.chance(0.2)) this.#texts += 1;
      return [path, `${path} says ${this.#name} ${this.#texts}\n`];
    });
    return random.chance(0.05) ? {} : Object.fromEntries(changed);
  }

  #commit(ref: string, parents: readonly Commit[], files = this.#files(parents[0])): Deed {
    this.#at += 1000;
    const author = { name: 'Toast', email: 'toast@example.invalid', at: this.#at };
    const writing = { parents, files, author, message: `Work on ${ref}\n\nfor the town\n` };
    const commit = write(writing);
    return { ref, to: commit, made: { ...writing, commit } };
  }

  /** A chain of some of the branches, as they are or as they were. */
  chain(round: number): Question {
    const random = this.#random;
    const base = this.#origin.at(this.main);
    const links = branches.slice(random.between(0, 3)).flatMap((name, i): ChainLink[] => {
      const branch = this.#branch(name);
      const head = this.#origin.branch(branch);
      if (!head && !random.chance(0.1)) return [];
      const submitted = (random.chance(0.05) ? head?.parents[0] : head) ?? base;
      const author = { name: 'Slit', email: 'slit@example.invalid', at: this.#at + i };
      const message = `Change ${name}\n\nBead: ${this.#name}-${name}\nAttempt: ${round}\n`;
      const asIs = random.chance(0.1) ? ({ asIs: true } as const) : {};
      return submitted ? [{ branch, head: submitted.oid, message, author, ...asIs }] : [];
    });
    const request: ChainRequest = {
      base: base?.oid ?? '',
      links,
      strategy: random.pick(['squash', 'squash', 'rebase', 'merge']),
      onFault: random.pick(['stop', 'leave_out']),
      candidateRef: `refs/gastown/${this.#name}/${round}`,
    };
    return (repo, remote) => repo.buildChain(remote, request);
  }

  /** Landings, some of them late, some of something that was never built on main; and what the town asks besides. */
  questions(answer: ChainResult): Question[] {
    const random = this.#random;
    const main = this.#origin.at(this.main);
    if (!main) return [];
    const old = main.parents[0] ?? main;
    const built = answer.ok ? answer.commits.flatMap(({ oid }) => this.#origin.commit(oid) ?? []) : [];
    const landing = random.pick([main, ...built]);
    const heads = branches.flatMap((name) => this.#origin.branch(this.#branch(name)) ?? []);
    const seen = {
      main,
      old,
      landing,
      one: random.pick([main, ...heads]),
      other: random.pick([old, ...built, ...heads]),
    };
    return questionsOf(random, this.#name, seen, heads).filter((_, i) =>
      random.chance(i === 0 && landing !== main ? 0.6 : 0.06),
    );
  }
}
