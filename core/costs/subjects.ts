/** Whose a run's cost is. */
import { type BeadId, parseBeadId } from '../keys.ts';

/** What a log line has room for: a tick serves a rig or a convoy, and names no bead. */
const namedMax = 5;

/** The beads that an event of Lambda's names, whatever its shape: a request, messages, new items, a machine's input. */
export function beadsNamed(event: unknown): readonly BeadId[] {
  const words = (JSON.stringify(event) ?? '').match(/[a-z][a-z0-9]*-[0-9a-z]{6}-[0-9]+(?![\w-])/g) ?? [];
  return [...new Set(words)].filter((word) => parseBeadId(word) !== undefined).slice(0, namedMax);
}
