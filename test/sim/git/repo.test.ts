import { type RemoteWorld, repoContract } from '../../contract/repo-contract.ts';
import { type Commit, filesOf } from './objects.ts';
import { Origin, write } from './origin.ts';
import { makeModelRepo } from './repo.ts';

function modelWorld(): RemoteWorld {
  const origin = new Origin();
  const remote = { rig: 'green', url: '/model/green.git' };
  let at = Date.UTC(2026, 0, 1);
  const headOf = (name: string): Commit | undefined => origin.branch(name);
  return {
    remote,
    repo: makeModelRepo({ origins: new Map([[remote.url, origin]]) }),
    commit(branch, files, { from = 'main', force = false } = {}) {
      at += 1000;
      const parent = headOf(from);
      const author = { name: 'Toast', email: 'toast@example.invalid', at };
      const to = write({ parents: parent ? [parent] : [], files, author, message: `work on ${branch}\n` });
      const pushed = origin.push({ ref: `refs/heads/${branch}`, to, ...(force ? { lease: 'any' } : {}) });
      if (pushed !== 'yes') throw new Error(`the push of ${branch} was refused`);
      return to.oid;
    },
    head: (branch) => headOf(branch)?.oid,
    refExists: (ref) => origin.at(ref) !== undefined,
    deleteBranch: (branch) => void origin.push({ ref: `refs/heads/${branch}`, to: undefined, lease: 'any' }),
    show: (branch, path) => new Map(filesOf(headOf(branch)?.tree ?? missing(branch))).get(path),
    close: () => undefined,
  };
}

function missing(branch: string): never {
  throw new Error(`there is no branch ${branch}`);
}

repoContract("the simulator's model", modelWorld, { merges: 'files' });
