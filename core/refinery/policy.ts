/** What a rig demands of a change before it lands. */
import { sha256 } from '../hash.ts';
import type { MergeStrategy, Oid } from '../ports.ts';
import type { RigConfig } from '../rigs/rig.ts';

export interface Policy {
  readonly gates: readonly { readonly name: string; readonly command: string; readonly timeoutMs: number }[];
  readonly requireCi: boolean;
  /** Named in the rig; empty: what the host says the branch requires. */
  readonly requiredChecks: readonly string[];
  readonly strategy: MergeStrategy;
  /** Whether people review a change, as a pull request, before it is tested. */
  readonly via: 'push' | 'pr';
  readonly verdictExpiresMs: number;
  /** Runs of the gates at once. */
  readonly slots: number;
  /** Changes of a chain in one run. */
  readonly batchMax: number;
  /** Changes that one landing may put on the target: a chain, and what had joined before it. */
  readonly landMax: number;
  /** What becomes of a change to CI configuration, which always travels alone. */
  readonly ciChanges: 'alone' | 'human';
}

export const policyOf = (config: RigConfig): Policy => ({
  gates: config.gates.map((gate) => ({ ...gate, timeoutMs: config['refinery.gate_timeout_s'] * 1000 })),
  requireCi: config['refinery.require_ci'],
  requiredChecks: config['refinery.required_checks'],
  strategy: config['refinery.merge_strategy'],
  via: config['refinery.via'],
  verdictExpiresMs: config['refinery.verdict_expires_s'] * 1000,
  slots: config['refinery.slots'],
  batchMax: config['refinery.batch_max'],
  landMax: config['refinery.land_max'],
  ciChanges: config['refinery.ci_changes'],
});

/** The same checks, in whatever order. */
export const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());

/** What a verdict on it is about: its tree, or main's commit when main is tested by itself. */
export const contentOf = ({ tree, base }: { readonly tree?: Oid; readonly base: Oid }): Oid => tree ?? base;

/** A pass binds to exactly this: the tree, the checks that had to succeed, the commands that had to end with 0. */
export const verdictKeyOf = (tree: Oid, policy: Policy, checks: readonly string[]): string =>
  sha256(JSON.stringify([tree, [...checks].sort(), policy.gates.map(({ name, command }) => [name, command])]));

/** Nothing lands on trust: why this rig tests nothing at all, if so. */
export const ungated = (policy: Policy, rig: string): string | undefined =>
  policy.gates.length === 0 && !policy.requireCi
    ? `no gate configured: gt rig config ${rig} refinery.gates.test "<command>", or refinery.require_ci true`
    : undefined;

export const uncheckable = (rig: string): string =>
  `refinery.require_ci is on, but no check is required: gt rig config ${rig} refinery.required_checks "<name>,…"`;
