import { join } from 'node:path';
import { makeGitRepo } from '../../git/repo.ts';
import { type RemoteWorld, repoContract } from '../contract/repo-contract.ts';
import { makeTestRig } from './rig.ts';

const clock = { now: () => Date.UTC(2026, 0, 1) };

function localWorld(): RemoteWorld {
  const rig = makeTestRig();
  return {
    remote: rig.remote,
    repo: makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock }),
    commit: rig.commit,
    head: rig.head,
    show: rig.show,
    refExists: (ref) => rig.git('for-each-ref', '--format=%(refname)', ref) === ref,
    deleteBranch: (branch) => void rig.git('update-ref', '-d', `refs/heads/${branch}`),
    close: rig.remove,
  };
}

repoContract('the git binary, on a path', localWorld);
