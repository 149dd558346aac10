/** Each rig: can its repository be reached, can anything land, and may anyone else move its main? */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { gatePrefix as corePrefix } from '../../../core/rigs/rig.ts';
import type { Client } from '../client.ts';
import { age } from '../print.ts';
import type { RigView } from '../rigs.ts';
import { part } from '../session.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { protection } from './protection.ts';

const remoteTimeoutMs = 20_000;
/** As `core/rigs/rig.ts` spells it, which brings its schemas along. */
const gatePrefix: typeof corePrefix = 'refinery.gates.';
const lineOldMs = 60 * 60_000;

interface QueueView {
  readonly paused?: { readonly by: string; readonly because: string };
  readonly main?: string;
  readonly open: readonly { readonly bead: string; readonly because: string; readonly submittedAt: number }[];
}

export async function rigs(client: Client): Promise<Finding[]> {
  const { rigs: all } = await client.get<{ rigs: RigView[] }>('rigs');
  if (all.length === 0) return [warn('rigs', 'none', 'Add one: gt rig add <name> <url or path>')];
  return (await Promise.all(all.map((rig) => oneRig(client, rig)))).flat();
}

async function oneRig(client: Client, rig: RigView): Promise<Finding[]> {
  const queue = await client.get<QueueView>(`rigs/${part(rig.name)}/queue`);
  return [await remote(rig, queue), gates(rig), line(rig, queue), await protection(rig, process.env)];
}

/** As this machine sees it; the town has credentials of its own. */
async function remote({ name, url, target }: RigView, { main }: QueueView): Promise<Finding> {
  const check = `${name}: remote`;
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file' };
  const ask = promisify(execFile)('git', ['ls-remote', '--exit-code', '--', url, `refs/heads/${target}`], {
    env: { ...env, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' },
    timeout: remoteTimeoutMs,
  });
  return ask.then(
    ({ stdout }) => ok(check, `${target} is at ${stdout.slice(0, 12)}`),
    (error: Error & { stderr?: string; code?: unknown }) => {
      if (error.code === 2)
        return fail(
          check,
          `${url} has no branch ${target}`,
          `Push it, or: gt rig config ${name} refinery.target <branch>`,
        );
      const said = error.stderr?.trim().split('\n').at(-1) || error.message;
      const seen =
        main === undefined
          ? 'the town has not looked at it since it was added'
          : `the town last read ${target} at ${main.slice(0, 12)}`;
      // Whether the town reaches it is for the town to say: it did when the rig was added.
      return warn(
        check,
        `not reachable from this machine (${said}); ${seen}`,
        'Check the URL, and the credentials: yours here, the town’s in docs/runbooks/refinery.md.',
      );
    },
  );
}

function gates({ name, settings }: RigView): Finding {
  const check = `${name}: gates`;
  const named = Object.keys(settings).filter((key) => key.startsWith(gatePrefix));
  const ci = settings['refinery.require_ci'] === true ? ['the host’s required checks'] : [];
  const all = [...named.map((key) => key.slice(gatePrefix.length)), ...ci];
  if (all.length > 0) return ok(check, all.join(', '));
  return fail(check, 'none, so nothing can land', `gt rig config ${name} refinery.gates.test "<command>"`);
}

function line({ name }: RigView, { paused, open }: QueueView): Finding {
  const check = `${name}: queue`;
  if (paused) return warn(check, `paused by ${paused.by}: ${paused.because}`, `gt mq resume ${name}`);
  const oldest = open.reduce<QueueView['open'][number] | undefined>(
    (old, one) => (old === undefined || one.submittedAt < old.submittedAt ? one : old),
    undefined,
  );
  if (!oldest) return ok(check, 'nothing waits');
  const waits = Date.now() - oldest.submittedAt;
  const found = `${open.length} wait, the oldest (${oldest.bead}) for ${age(waits)}`;
  return waits < lineOldMs ? ok(check, found) : warn(check, found, `gt why ${oldest.bead}`);
}
