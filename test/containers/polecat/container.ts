/**
 * The harness as a task definition runs it, without a container engine: in namespaces of its own, on a read-only root with
 * the named volumes, behind an init, as root with the capabilities that are kept. Its network is this machine's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { GateJob, PolecatJob, Report, Subject, Verdict } from '../../../core/polecats/protocol.ts';
import { keptCapabilities, volumes } from '../../../lib/polecats/confinement.ts';
import { gateSubject, type Rig, type Yard } from './rig.ts';

/** Why containers cannot be had here; `undefined` where they can. */
export function lacksContainers(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to hand the agent to another user';
  const tried = spawnSync('unshare', ['--mount', '--pid', '--fork', 'setpriv', '--bounding-set=-all', 'true']);
  return tried.status === 0 ? undefined : `cannot make namespaces here: ${tried.stderr}`;
}

/** Where the remote is seen in the container. Whoever is not root can read it, not write it. */
export const remotePath = '/rig.git';

/** Arguments: an empty directory for the root, the volumes' directory, Node, the harness, the remote, capabilities. */
const build = `
set -eu
root=$1 volumes=$2 node=$3 harness=$4 remote=$5 kept=$6
mount --make-rprivate /
mount -t tmpfs -o mode=755 image "$root"
cd "$root"
for name in bin sbin lib lib64 usr etc; do
  if [ -L /$name ]; then cp -P /$name $name
  elif [ -d /$name ]; then mkdir $name; mount --bind /$name $name; mount -o remount,bind,ro $name; fi
done
mkdir proc dev opt rig.git
mount -t proc proc proc
for name in null zero random urandom; do touch dev/$name; mount --bind /dev/$name dev/$name; done
touch opt/node opt/harness.cjs
mount --bind "$node" opt/node
mount --bind "$harness" opt/harness.cjs
mount --bind "$remote" rig.git
for name in ${Object.values(volumes).join(' ')}; do mkdir .$name; mount --bind "$volumes$name" .$name; done
mount -o remount,ro .
exec chroot . /bin/sh -c '"$@" & wait $!' init setpriv --inh-caps=-all --bounding-set=-all,"$kept" /opt/node /opt/harness.cjs
`;

export class Container {
  readonly #yard: Yard;
  readonly #remote: string;
  /** As Fargate makes them of the image's: root's, and like /tmp anywhere. Shared by all containers of one machine. */
  readonly volumes: string;

  constructor(yard: Yard, rig: Rig) {
    this.#yard = yard;
    this.#remote = rig.url;
    this.volumes = mkdtempSync(join(yard.dir, 'volumes-'));
    mkdirSync(join(this.volumes, volumes.work), { mode: 0o755 });
    mkdirSync(join(this.volumes, volumes.tmp));
    chmodSync(join(this.volumes, volumes.tmp), 0o1777);
  }

  start(subject: Subject, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const kept = keptCapabilities.map((name) => `+${name.toLowerCase()}`).join(',');
    const root = mkdtempSync(join(this.#yard.dir, 'root-'));
    const args = [root, this.volumes, process.execPath, this.#yard.harness, this.#remote, kept];
    const unshare = ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', build, 'build', ...args];
    return spawn('unshare', unshare, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        GASTOWN_API: this.#yard.api,
        GASTOWN_TOKEN: this.#yard.town.token,
        GASTOWN_SUBJECT: JSON.stringify(subject),
        GASTOWN_TASK_DIR: volumes.work,
        GASTOWN_AGENT_UID: '210001',
        GASTOWN_AGENT_GID: '210001',
        ...env,
      },
    });
  }

  async polecat(job: PolecatJob, env: Readonly<Record<string, string>> = {}): Promise<Report> {
    const { town } = this.#yard;
    town.job = { ...job, remoteUrl: remotePath };
    const said = await ended(this.start({ kind: 'polecat', bead: job.bead, attempt: job.attempt }, env));
    const report = town.reports.find(({ subject }) => subject.kind === 'polecat' && subject.bead === job.bead);
    if (!report) throw new Error(`no report; the container said: ${said}`);
    return report;
  }

  async gate(job: GateJob): Promise<Verdict> {
    const { town } = this.#yard;
    town.job = { ...job, remoteUrl: remotePath };
    const said = await ended(this.start(gateSubject));
    const verdict = town.verdicts.pop();
    if (!verdict) throw new Error(`no verdict; the container said: ${said}`);
    return verdict;
  }
}

/** What it said on its way. */
export async function ended(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text.toString('utf8');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}
