/** Add, list, show and configure rigs. */
import { type Fault, RepoUnreachable, refuse, refuseAll, TownError } from '../../core/errors.ts';
import { groups, keys, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Json, Ports, Probe } from '../../core/ports.ts';
import {
  checkBranch,
  checkRigName,
  checkRigUrl,
  prefixFor,
  prefixPattern,
  sameRepository,
  whyNoAnswer,
} from '../../core/rigs/add.ts';
import { parseSetting, type Setting, targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { create, recordOf, replace } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { loadRig, rigNames } from './load.ts';
import { queueWakes } from './wakes.ts';

export interface AddRig {
  readonly name: string;
  readonly url: string;
  readonly prefix?: string | undefined;
  readonly by: string;
  /** Paths and file URLs make sense only where the town runs on the user's machine. */
  readonly allowLocal: boolean;
}

type RepoDeps = CommandDeps & { readonly repo: Pick<Ports['repo'], 'probe' | 'readRef'> };

/** Adding the same rig again is fine: `repeated`; under a second name it is not. The repository is asked before anything is written. */
export async function addRig(deps: RepoDeps, request: AddRig): Promise<{ rig: Rig; repeated: boolean }> {
  checkRigName(request.name);
  const url = checkRigUrl(request.url, request.allowLocal);
  const known = recordOf<Rig>(await deps.ledger.get(keys.rig(request.name)));
  if (known) return { rig: sameRig(known.body, url), repeated: true };
  await refuseSecondQueue(deps.ledger, url);
  const { defaultBranch } = await probe(deps.repo, request.name, url);
  return runCommand<{ rig: Rig; repeated: boolean }>(deps, 'add_rig', async (now) => {
    const meanwhile = recordOf<Rig>(await deps.ledger.get(keys.rig(request.name)));
    if (meanwhile) return { result: { rig: sameRig(meanwhile.body, url), repeated: true } };
    await refuseSecondQueue(deps.ledger, url);
    const prefix = await choosePrefix(deps, request);
    const rig: Rig = { name: request.name, prefix, url, defaultBranch, settings: {}, addedAt: now };
    const step = {
      changes: [
        create(keys.rig(rig.name), rig),
        create(keys.rigListing(rig.name), { name: rig.name, prefix, url, addedAt: now }),
      ],
      events: [{ kind: 'rig.added', who: request.by, rig: rig.name, text: `${url}, landing on ${defaultBranch}` }],
    };
    return { step, result: { rig, repeated: false } };
  });
}

function sameRig(rig: Rig, url: string): Rig {
  if (rig.url === url) return rig;
  throw refuse(
    409,
    'RIG_EXISTS',
    `Rig "${rig.name}" is already there, with another URL: ${rig.url}.`,
    'Choose another name for this repository.',
  );
}

/** Two rigs on one repository would be two Refineries that move one main, each blind to what the other tests. */
async function refuseSecondQueue(ledger: CommandDeps['ledger'], url: string): Promise<void> {
  const other = (await listRigs(ledger)).find((rig) => sameRepository(rig.url, url));
  if (!other) return;
  throw refuse(
    409,
    'RIG_SAME_REPOSITORY',
    `Rig "${other.name}" already manages this repository: ${other.url}.`,
    `Use that one: gt submit <file> --rig ${other.name}.`,
  );
}

async function probe(repo: RepoDeps['repo'], rig: string, url: string): Promise<Probe> {
  const found = await repo.probe({ rig, url }).catch((error: unknown) => {
    if (!(error instanceof RepoUnreachable)) throw error;
    throw refuse(
      422,
      'REPO_UNREACHABLE',
      whyNoAnswer(url, error.message),
      'Check the URL, that it has a commit, and that git ls-remote reaches it from here.',
    );
  });
  checkBranch(found.defaultBranch, 'default branch');
  if (found.checkedOut === found.defaultBranch) {
    throw refuse(
      409,
      'RIG_CHECKED_OUT',
      `${url} has ${found.defaultBranch} checked out, so git refuses to move it from outside.`,
      `Use a bare clone (git clone --bare), or run: git -C ${url.replace(/^file:\/\//, '')} config receive.denyCurrentBranch updateInstead.`,
    );
  }
  return found;
}

async function choosePrefix({ ledger }: CommandDeps, request: AddRig): Promise<string> {
  if (request.prefix !== undefined && prefixPattern.test(request.prefix)) return request.prefix;
  if (request.prefix !== undefined) {
    throw refuse(
      400,
      'RIG_PREFIX_INVALID',
      `"${request.prefix}" cannot be a prefix.`,
      'Use 1 to 8 of a-z and 0-9, a letter first.',
    );
  }
  const rigs = await listRigs(ledger);
  return prefixFor(request.name, new Set(rigs.map((rig) => rig.prefix)));
}

export async function listRigs(ledger: CommandDeps['ledger']): Promise<Rig[]> {
  const items = await Promise.all((await rigNames(ledger)).map((name) => ledger.get(keys.rig(name))));
  return items.flatMap((item) => recordOf<Rig>(item)?.body ?? []);
}

export const showRig = async (ledger: CommandDeps['ledger'], name: string): Promise<Rig> =>
  (await loadRig(ledger, name)).body;

/** Every target that has, or may get, a queue: where it lands now, and where it landed before. */
export async function targetsOf(ledger: CommandDeps['ledger'], rig: Rig): Promise<string[]> {
  const { pk, sk: prefix } = keys.target(rig.name, '');
  const { items } = await ledger.query(pk, { prefix: prefixes.targets });
  return [...new Set([targetOf(rig), ...items.map((item) => item.sk.slice(prefix.length))])];
}

/** Sets, or unsets, several keys at once; either all of them or none. Whoever decides by them is woken. */
export async function setConfig(
  deps: RepoDeps & Pick<Ports, 'codeHost'>,
  name: string,
  given: Readonly<Record<string, Json>>,
  by: string,
): Promise<Rig> {
  const settings = parseAll(given);
  checkReviews(deps, name, settings);
  await checkTarget(deps, name, settings);
  return runCommand(deps, 'set_config', async () => {
    const was = await loadRig(deps.ledger, name);
    const rig: Rig = { ...was.body, settings: applied(was.body.settings, settings) };
    if (JSON.stringify(rig.settings) === JSON.stringify(was.body.settings)) return { result: rig };
    const targets = [...new Set([targetOf(rig), ...(await targetsOf(deps.ledger, was.body))])];
    const step = {
      changes: [replace(was, rig)],
      effects: [{ do: 'wake', queue: 'ticks', group: groups.scheduler(name) } as const, ...queueWakes(name, targets)],
      events: settings.map(({ key, value }) => ({
        kind: 'rig.configured',
        who: by,
        rig: name,
        text: value === undefined ? `${key} is the default again` : `${key} = ${JSON.stringify(value)}`,
      })),
    };
    return { step, result: rig };
  });
}

/** Changes would wait for reviews that nobody could give. */
function checkReviews({ codeHost }: Pick<Ports, 'codeHost'>, rig: string, settings: readonly Setting[]): void {
  if (codeHost.pullRequests || !settings.some(({ key, value }) => key === 'refinery.via' && value === 'pr')) return;
  throw refuse(
    422,
    'PULL_REQUESTS_UNSUPPORTED',
    `This town can open no pull requests for ${rig}: it knows of the code's host only what is reported to it.`,
    'Leave refinery.via at push. Reviews can be asked for as a required check: refinery.require_ci true.',
  );
}

/** A queue for a branch that is not there could land nothing, and would say so only after the work. */
async function checkTarget(deps: RepoDeps, name: string, settings: readonly Setting[]): Promise<void> {
  const target = settings.find(({ key }) => key === 'refinery.target')?.value;
  if (typeof target !== 'string') return;
  const { url } = (await loadRig(deps.ledger, name)).body;
  if ((await deps.repo.readRef({ rig: name, url }, `refs/heads/${target}`)) !== undefined) return;
  throw refuse(
    422,
    'TARGET_UNKNOWN',
    `The repository of ${name} has no branch "${target}".`,
    'Push it first, or name a branch that is there.',
  );
}

function parseAll(given: Readonly<Record<string, Json>>): Setting[] {
  const count = Object.keys(given).length;
  const { settingsPerRequestMax: most } = limits;
  if (count > most)
    throw refuse(400, 'CONFIG_TOO_MANY', `${count} keys at once; ${most} are possible.`, 'Set them in several steps.');
  const faults: Fault[] = [];
  const settings = Object.entries(given).flatMap(([key, value]) => {
    try {
      return [parseSetting(key, value)];
    } catch (error) {
      if (!(error instanceof TownError)) throw error;
      faults.push(...error.faults);
      return [];
    }
  });
  const [first] = faults;
  if (first) throw refuseAll(400, first.code, faults);
  if (settings.length > 0) return settings;
  throw refuse(400, 'CONFIG_EMPTY', 'No key was given.', 'Name at least one: gt rig config <rig> lists them.');
}

function applied(was: Rig['settings'], settings: readonly Setting[]): Rig['settings'] {
  const next = new Map(Object.entries(was));
  for (const { key, value } of settings) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return Object.fromEntries(next);
}
