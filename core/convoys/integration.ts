/** A convoy that lands as one: its beads merge into a branch of its own, and one more bead brings that onto the target. */
import { type ConvoyId, groups, isConvoyId } from '../keys.ts';

const prefix = 'integration/';

export const integrationBranch = (convoy: ConvoyId): string => `${prefix}${convoy}`;

/** The convoy whose branch this would be; that there is such a convoy, and that it lands as one, is not said. */
export function convoyOfBranch(branch: string): ConvoyId | undefined {
  const id = branch.startsWith(prefix) ? branch.slice(prefix.length) : '';
  return isConvoyId(id) ? id : undefined;
}

/** The convoy is over: its branch is not needed any more. */
export const wakeIntegration = ({ id, rig, land }: { id: ConvoyId; rig: string; land?: 'convoy' }) =>
  land === 'convoy'
    ? [{ do: 'wake', queue: 'refinery', group: groups.refinery(rig, integrationBranch(id)) } as const]
    : [];
