/** The files that a bead will likely touch: names inside the repository, and nothing else. */

import type { Fault } from '../errors.ts';
import { limits } from '../limits.ts';
import { clip } from '../nearest.ts';

export const fileFaults = (bead: string, files: readonly string[], at: string): Fault[] =>
  files.flatMap((file, i) => {
    const why = whyNot(file);
    if (why === undefined) return [];
    const what = `Bead "${bead}" names the file ${JSON.stringify(clip(file))}, which ${why}.`;
    const remedy = 'Give paths from the root of the repository, such as src/main.ts.';
    return [{ code: 'FILE_OUTSIDE', what, remedy, at: `${at}/files/${i}` }];
  });

function whyNot(file: string): string | undefined {
  if (file.length > limits.filePathCharsMax) return `has more than ${limits.filePathCharsMax} characters`;
  if (/^[/~]|^[A-Za-z]:|\\/.test(file)) return 'is no path from the root of the repository';
  if (/\p{Cc}/u.test(file)) return 'has control characters';
  const parts = file.replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '..' || part === '.' || part === '')) return 'leads out of the repository';
  return parts[0]?.toLowerCase() === '.git' ? 'is git’s own' : undefined;
}
