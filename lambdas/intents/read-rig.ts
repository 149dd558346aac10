/** Reads what a good lead would read before planning: the repository at the head of its target, and what is under way. */

import type { BeadSpec } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { RepoUnreachable, Unavailable } from '../../core/errors.ts';
import { filesToRead } from '../../core/intents/mayor-plan/files-to-read.ts';
import type { OpenConvoy, ReadFile, Reading } from '../../core/intents/mayor-plan/opening.ts';
import { partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Ports, Remote } from '../../core/ports.ts';
import { targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { listConvoys } from '../feed/listing.ts';
import { load } from '../platform/load.ts';
import { queryAll } from '../platform/query-all.ts';

export type ReadingDeps = Pick<Ports, 'ledger' | 'repo' | 'clock'>;

/** Throws `Unavailable` if the remote does not answer: a plan made blind would be worse than a later one. */
export async function readRig(
  deps: ReadingDeps,
  rig: Rig,
  convoy: Convoy,
  intent: string,
): Promise<Omit<Reading, 'rejected'>> {
  const [repository, convoys] = await Promise.all([readRepository(deps, rig, intent), openConvoys(deps, convoy)]);
  return { rig: rig.name, target: targetOf(rig), intent, convoys, ...(repository ? { repository } : {}) };
}

async function readRepository({ repo }: ReadingDeps, rig: Rig, intent: string): Promise<Reading['repository']> {
  const remote = { rig: rig.name, url: rig.url };
  try {
    const head = await repo.readRef(remote, `refs/heads/${targetOf(rig)}`);
    if (head === undefined) return undefined;
    const [tree, commits] = await Promise.all([
      repo.readTree(remote, head),
      repo.recentCommits(remote, { from: head, max: limits.readCommitsMax }),
    ]);
    if (!tree || !commits) throw new Unavailable(`planning for ${rig.name}: ${head} left the remote while it was read`);
    const paths = tree.entries.map(({ path }) => path);
    const files = tree.entries.filter(({ is }) => is === 'file').map(({ path }) => path);
    const wanted = filesToRead(files, intent);
    const [rules, readme, mentioned] = await Promise.all(
      [wanted.rules, wanted.readme === undefined ? [] : [wanted.readme], wanted.mentioned].map((some) =>
        readAll(repo, remote, head, some),
      ),
    );
    return { paths, more: tree.more, commits, rules: rules ?? [], readme: readme ?? [], mentioned: mentioned ?? [] };
  } catch (error) {
    if (error instanceof RepoUnreachable) throw new Unavailable(`planning for ${rig.name}: ${error.message}`);
    throw error;
  }
}

async function readAll(
  repo: ReadingDeps['repo'],
  remote: Remote,
  commit: string,
  paths: readonly string[],
): Promise<readonly ReadFile[]> {
  const read = paths.length === 0 ? [] : await repo.readFiles(remote, { commit, paths });
  return paths.map((path, i) => ({ path, read: read?.[i] ?? { is: 'missing' } }));
}

async function openConvoys({ ledger, clock }: ReadingDeps, own: Convoy): Promise<readonly OpenConvoy[]> {
  const { convoys } = await listConvoys(ledger, { now: clock.now(), limit: limits.readConvoysSought });
  const open = convoys.filter(({ id, rig, status }) => id !== own.id && rig === own.rig && status === 'open');
  return Promise.all(
    open.slice(0, limits.readConvoysMax).map(async ({ id, title }) => {
      const [beads, specs] = await Promise.all([
        load.beads(ledger, id),
        queryAll<BeadSpec>(ledger, partitions.convoy(id), { prefix: prefixes.specs }),
      ]);
      const filesOf = new Map(specs.map(({ sk, body }) => [sk.slice(prefixes.specs.length), body.files ?? []]));
      return {
        id,
        title,
        beads: beads
          .filter(({ body }) => body.status !== 'closed' && body.status !== 'cancelled')
          .map(({ sk, body }) => ({ title: body.title, files: filesOf.get(sk.slice(prefixes.beads.length)) ?? [] })),
      };
    }),
  );
}
