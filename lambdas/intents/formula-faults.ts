/** What of a checklist's formulas can be known before a polecat follows them: the rig's repository is asked for its own. */
import type { Plan, PlanTown } from '../../core/convoys/plan.ts';
import { type Fault, RepoUnreachable } from '../../core/errors.ts';
import { rigFormulas } from '../../core/formulas/formula.ts';
import { followerFaults, followersOf, type Shelf } from '../../core/formulas/plan-faults.ts';
import type { Matches } from '../../core/formulas/vars.ts';
import type { Repo } from '../../core/ports.ts';
import { targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';

export interface FormulaDeps {
  readonly builtIn: Readonly<Record<string, string>>;
  readonly matches: Matches;
}

/** None where the repository cannot be read: one of its own may go before any that is built in. The polecat finds out. */
export async function formulaFaults(
  { repo, formulas }: { readonly repo?: Repo; readonly formulas?: FormulaDeps },
  rig: Rig,
  plan: Plan,
  town: PlanTown,
): Promise<readonly Fault[]> {
  const followers = followersOf(plan, town);
  if (!repo || !formulas || followers.length === 0) return [];
  const names = [...new Set(followers.map(({ formula }) => formula))];
  const own = await ownOf(repo, rig, names);
  return own ? followerFaults(followers, { ...own, builtIn: formulas.builtIn }, formulas.matches) : [];
}

const pathOf = (name: string): string => `${rigFormulas}/${name}.toml`;

async function ownOf(repo: Repo, rig: Rig, names: readonly string[]): Promise<Omit<Shelf, 'builtIn'> | undefined> {
  const remote = { rig: rig.name, url: rig.url };
  try {
    const commit = await repo.readRef(remote, `refs/heads/${targetOf(rig)}`);
    if (commit === undefined) return undefined;
    const [tree, files] = await Promise.all([
      repo.readTree(remote, commit),
      repo.readFiles(remote, { commit, paths: names.map(pathOf) }),
    ]);
    if (!tree || !files?.every(({ is }) => is === 'text' || is === 'missing')) return undefined;
    const own = names.flatMap((name, i) => {
      const file = files[i];
      return file?.is === 'text' ? [[name, file.text] as const] : [];
    });
    const known = tree.entries.flatMap(({ path }) => {
      const name = path.slice(rigFormulas.length + 1, -'.toml'.length);
      return path === pathOf(name) ? [name] : [];
    });
    return { own: new Map(own), names: known };
  } catch (error) {
    if (error instanceof RepoUnreachable) return undefined;
    throw error;
  }
}
