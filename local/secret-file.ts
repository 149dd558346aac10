/** A secret that the town's owner keeps in a file of the state directory, which nobody else may read. */
import { readFile, stat } from 'node:fs/promises';
import { refuse } from '../core/errors.ts';

/** Read at every use, so that a new one counts at once. `undefined`: there is no such file. */
export async function secretFile(file: string, codeIfOpen: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      throw refuse(500, codeIfOpen, `${file} can be read by others.`, `Run: chmod 600 ${file}.`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
