/** What a decision about a bead is held against: the bead, what it says, and its convoy. */
import { type Bead, type BeadSpec, leftOfBudget } from '../../convoys/bead.ts';
import { limits } from '../../limits.ts';

export interface Facts {
  readonly bead: Bead;
  readonly spec: BeadSpec;
  /** All of its convoy, in order. */
  readonly beads: readonly Bead[];
}

export interface Room {
  /** New beads, at most. */
  readonly parts: number;
  /** What allows no more. */
  readonly because: string;
}

/** Into how many new beads it can be split. What is left of its money is shared, so that a split spends no more. */
export function roomToSplit({ bead, beads }: Facts): Room {
  const left = leftOfBudget(bead);
  const rooms: Room[] = [
    { parts: limits.splitPartsMax, because: 'a split makes no more at once' },
    {
      parts: limits.beadsPerConvoyMax - beads.length,
      because: `its convoy has ${beads.length} beads of ${limits.beadsPerConvoyMax}`,
    },
    {
      parts: limits.needsPerBeadMax - bead.needs.length,
      because: `it has ${bead.needs.length} needs of ${limits.needsPerBeadMax}`,
    },
    ...(bead.budgetUsd === 0
      ? []
      : [
          {
            parts: Math.floor(left / limits.splitShareUsdMin) - 1,
            because: `$${left} is left of its budget, and each bead needs $${limits.splitShareUsdMin} of that`,
          },
        ]),
  ];
  const least = rooms.reduce((least, room) => (room.parts < least.parts ? room : least));
  return { ...least, parts: Math.max(0, least.parts) };
}

/** The same for each new bead; the bead that is split keeps the rest. 0: its agent uses no money of the town. */
export const shareOf = (bead: Bead, parts: number): number =>
  Math.floor((leftOfBudget(bead) / (parts + 1)) * 100) / 100;
