/** A bug that somebody might write: a small change of the source, which the simulator is to notice. */

export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  /** Must be there exactly once: a mutant of code that has gone would prove nothing. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** The promise that it breaks. */
  readonly breaks: string;
  /** All at once: where two places hold the same promise, both must give way. */
  readonly patches: readonly Patch[];
}

export const mutant = (
  name: string,
  breaks: string,
  file: string,
  find: string,
  replace: string,
  ...more: readonly Patch[]
): Mutant => ({ name, breaks, patches: [{ file, find, replace }, ...more] });

/** The source with the bug in it. */
export function planted(source: string, file: string, patches: readonly Patch[]): string {
  return patches.reduce((text, { find, replace }) => {
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file} has ${places} places of ${JSON.stringify(find)}, not one`);
    return text.replace(find, () => replace);
  }, source);
}
