/** `cdk` against the emulator, as a person runs it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { query } from './aws-api.ts';

const cdkProgram = path.join(projectRoot, 'node_modules/aws-cdk/bin/cdk');

/** Throws with what it printed if it ends with anything but 0. */
export function cdk(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cdkProgram, ...args], {
      cwd: projectRoot,
      env: { ...process.env, CI: 'true', CDK_DISABLE_VERSION_CHECK: 'true' },
    });
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part));
    child.once('error', reject);
    child.once('exit', (code) => {
      const printed = Buffer.concat(parts).toString();
      if (code === 0) resolve(printed);
      else reject(new Error(`cdk ${args.join(' ')} ended with ${code}:\n${printed.slice(-4000)}`));
    });
  });
}

const account = '000000000000';
const region = 'us-east-1';

/**
 * Calls that the emulator authorizes on another resource than AWS does, so that a grant which is narrow enough there does
 * not match here: RunTask on the cluster instead of the task definition, task tokens and image repositories on `*`.
 */
const widened = {
  tasks: ['ecs:RunTask', 'ecs:StopTask', 'ecs:DescribeTasks'],
  tokens: ['states:SendTaskSuccess'],
  images: ['ecr:*'],
} as const;

async function widen(role: string, ...what: readonly (keyof typeof widened)[]): Promise<void> {
  const statement = { Effect: 'Allow', Action: what.flatMap((name) => widened[name]), Resource: '*' };
  await query('iam', '2010-05-08', 'PutRolePolicy', {
    RoleName: role,
    PolicyName: 'emulator',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
  });
}

export async function bootstrap(): Promise<void> {
  await cdk('bootstrap', `aws://${account}/${region}`);
  await widen(`cdk-hnb659fds-image-publishing-role-${account}-${region}`, 'images');
}

/** Only the functions that have these grants in the template get them here. */
export async function widenGrants(resources: readonly Resource[]): Promise<void> {
  const roles = resources.filter(({ type }) => type === 'AWS::IAM::Role').map(({ id }) => id);
  for (const role of roles) {
    if (/PolecatsFleet|RefineryTick/.test(role)) await widen(role, 'tasks');
    if (/EffectsPerformer|WitnessPatrol/.test(role)) await widen(role, 'tasks', 'tokens');
  }
}

export const outputsOf = (file: string, stack: string): Readonly<Record<string, string>> =>
  (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>)[stack] ?? {};

export interface Resource {
  readonly type: string;
  /** Its physical id. */
  readonly id: string;
}

/** What the stack has made. */
export async function resourcesOf(stack: string): Promise<readonly Resource[]> {
  const xml = await query('cloudformation', '2010-05-15', 'DescribeStackResources', { StackName: stack });
  const text = (part: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1] ?? '';
  return xml
    .split('<member>')
    .slice(1)
    .map((part) => ({ type: text(part, 'ResourceType'), id: text(part, 'PhysicalResourceId') }));
}
