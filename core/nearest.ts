/** "Did you mean …?", for names that a person mistyped. */
import { distance } from 'fastest-levenshtein';

/** Comparing every unknown name with every known one is quadratic: enough for a person's slips, no more. */
const comparisonsMax = 50_000;
const nameCharsMax = 60;

/** Finds the nearest of `known`, if it is near: at most a third of the letters differ, two of a short name, one of a tiny one. */
export function suggester(known: readonly string[]): (name: string) => string | undefined {
  let left = comparisonsMax;
  return (name) => {
    left -= known.length;
    if (left < 0 || name.length > nameCharsMax) return undefined;
    let best: string | undefined;
    let least = Math.min(name.length, (name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3))) + 1);
    for (const other of known) {
      if (Math.abs(other.length - name.length) >= least) continue;
      const away = distance(name, other);
      if (away < least) [best, least] = [other, away];
    }
    return best;
  };
}

/** A sentence to add after another one, or nothing. */
export const didYouMean = (name: string | undefined): string => (name === undefined ? '' : ` Did you mean "${name}"?`);

/** Foreign text, short enough to be quoted in a message. */
export const clip = (text: string): string => (text.length > nameCharsMax ? `${text.slice(0, nameCharsMax)}…` : text);
