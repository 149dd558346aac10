/** The synthesized stack, and ways to ask about its resources. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Json } from '../../core/ports.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Json;
  readonly DeletionPolicy?: string;
}

interface Synthesized {
  readonly resources: Readonly<Record<string, Omit<Resource, 'id'>>>;
  /** What the nag rules found and nobody acknowledged. */
  readonly violations: Json;
}

const outputBytesMax = 64 * 1024 * 1024;

/** One town for each context, all in one process. */
export async function synthesize(...contexts: readonly Readonly<Record<string, unknown>>[]) {
  const script = path.join(projectRoot, 'test/lib/synth.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--import', 'tsx', script, JSON.stringify(contexts)],
    /** aws-cdk-lib's own check against the schemas of CloudFormation costs eight seconds; `npm run synth` makes it. */
    { cwd: projectRoot, maxBuffer: outputBytesMax, env: { ...process.env, CDK_VALIDATION: 'false' } },
  );
  return (JSON.parse(stdout) as Synthesized[]).map(({ resources: found, violations }) => {
    const resources: readonly Resource[] = Object.entries(found).map(([id, resource]) => ({ id, ...resource }));
    const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
    return { violations, resources, ofType };
  });
}

export type Town = Awaited<ReturnType<typeof synthesize>>[number];

/** `at(properties, 'Code', 'ImageUri')`; `undefined` where there is nothing. */
export function at(json: Json | undefined, ...steps: readonly string[]): Json | undefined {
  let here = json;
  for (const step of steps) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as { readonly [name: string]: Json })[step];
  }
  return here;
}

export const listAt = (json: Json | undefined, ...steps: readonly string[]): readonly Json[] => {
  const found = at(json, ...steps);
  if (found === undefined) return [];
  return Array.isArray(found) ? (found as readonly Json[]) : [found];
};

/** The logical id that a `Ref` or `Fn::GetAtt` names. */
export function target(reference: Json | undefined): string | undefined {
  const id = at(reference, 'Ref') ?? listAt(reference, 'Fn::GetAtt')[0];
  return typeof id === 'string' ? id : undefined;
}
