/** Whose a run's cost is. */
import { type BeadId, parseBeadId } from '../keys.ts';

/** What a log line has room for: a tick serves a rig or a convoy, and names no bead. */
const namedMax = 5;

/** From the start of a word, and bounded: whoever has no signature sends a megabyte of one letter all the same. */
const wordLikeBead = /(?<![a-z0-9])[a-z][a-z0-9]{0,7}-[0-9a-z]{6}-[0-9]{1,5}(?![\w-])/g;

/** The beads that an event of Lambda's names, whatever its shape: a request, messages, new items, a machine's input. */
export function beadsNamed(event: unknown): readonly BeadId[] {
  const words = (JSON.stringify(event) ?? '').match(wordLikeBead) ?? [];
  return [...new Set(words)].filter((word) => parseBeadId(word) !== undefined).slice(0, namedMax);
}
