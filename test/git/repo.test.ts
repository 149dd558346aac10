import { join } from 'node:path';
import { makeGitRepo } from '../../git/repo.ts';
import { type RemoteWorld, repoContract } from '../contract/repo-contract.ts';
import { makeTestRig } from './rig.ts';

const clock = { now: () => Date.UTC(2026, 0, 1) };

function worldAt(urlOf: (path: string) => string): RemoteWorld {
  const rig = makeTestRig();
  // As the code hosts do: over a URL the cache is then blob-filtered, and fetches what a merge reads.
  rig.git('config', 'uploadpack.allowFilter', 'true');
  rig.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  return {
    remote: { ...rig.remote, url: urlOf(rig.remote.url) },
    repo: makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock }),
    commit: rig.commit,
    head: rig.head,
    show: rig.show,
    refExists: (ref) => rig.git('for-each-ref', '--format=%(refname)', ref) === ref,
    deleteBranch: (branch) => void rig.git('update-ref', '-d', `refs/heads/${branch}`),
    close: rig.remove,
  };
}

repoContract('the git binary, on a path', () => worldAt((path) => path));
repoContract('the git binary, on a URL, blob-filtered', () => worldAt((path) => `file://${path}`));
