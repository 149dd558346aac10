/** The synthesized stack, and ways to ask about its resources. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Json } from '../../core/ports.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Json;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

interface Template {
  readonly Resources: Readonly<Record<string, Omit<Resource, 'id'>>>;
  readonly Parameters?: Readonly<Record<string, Json>>;
  readonly Outputs?: Readonly<Record<string, Json>>;
}

interface Nag {
  /** What the rules found and nobody acknowledged. */
  readonly violations: Json;
  readonly acknowledged: readonly (readonly [rule: string, reason: string])[];
}

type Contexts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One town for each context, by its name, all in one process. */
export async function synthesizeEach<Each extends Contexts>(contexts: Each): Promise<Record<keyof Each, Town>> {
  const directory = mkdtempSync(path.join(tmpdir(), 'gastown-synth-'));
  const read = (file: string) => JSON.parse(readFileSync(path.join(directory, file), 'utf8'));
  try {
    const script = path.join(projectRoot, 'test/lib/synth.ts');
    await promisify(execFile)(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', script, directory, JSON.stringify(contexts)],
      /** aws-cdk-lib's own check against the schemas of CloudFormation costs eight seconds; `npm run synth` makes it. */
      { cwd: projectRoot, env: { ...process.env, CDK_VALIDATION: 'false' } },
    );
    const towns = Object.keys(contexts).map((name) => [
      name,
      townOf(read(`${name}.template.json`), read(`${name}.nag.json`)),
    ]);
    return Object.fromEntries(towns);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same, in the order of the contexts. */
export async function synthesize(...contexts: readonly Contexts[string][]): Promise<readonly Town[]> {
  return Object.values(await synthesizeEach(Object.fromEntries(contexts.map((context, i) => [`town${i}`, context]))));
}

function townOf(template: Template, nag: Nag) {
  const resources: readonly Resource[] = Object.entries(template.Resources).map(([id, resource]) => ({
    id,
    ...resource,
  }));
  const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
  return { ...nag, template, resources, ofType };
}

export type Town = ReturnType<typeof townOf>;

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
