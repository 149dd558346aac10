/** What a rig may be called, where its repository may be, and which prefix its beads get. */
import { refuse } from '../errors.ts';
import { branchPattern, rigNamePattern } from './rig.ts';

export function checkRigName(name: string): void {
  if (rigNamePattern.test(name)) return;
  throw refuse(
    400,
    'RIG_NAME_INVALID',
    `"${name.slice(0, 80)}" cannot name a rig.`,
    'Use 2 to 40 lower-case letters, digits and -, a letter first.',
  );
}

export const prefixPattern = /^[a-z][a-z0-9]{0,7}$/;

const notSupported = (url: string, why: string) =>
  refuse(
    400,
    'RIG_URL_INVALID',
    `"${url.slice(0, 200)}" ${why}.`,
    'Give an https://, ssh:// or file:// URL, or an absolute path.',
  );

/**
 * The URL as it is kept. Only these forms: git itself would also run commands (`ext::sh -c …`), read an option (`-u…`,
 * `ssh://-oProxyCommand=…`), or speak unencrypted protocols. A secret in the URL would end up in records and logs.
 */
export function checkRigUrl(given: string, allowLocal: boolean): string {
  const url = given.trim();
  const control = [...url].some((character) => character < ' ' || character === '\x7f');
  if (url === '' || control || url.length > 1000) throw notSupported(url, 'is no URL of a repository');
  if (url.startsWith('/')) return local(url, allowLocal);
  const scp = /^([A-Za-z0-9_.]+@[A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)(.+)$/.exec(url);
  if (scp) throw notSupported(url, `is a short form; write ssh://${scp[1]}/${scp[2]}`);
  const scheme = /^(https|ssh|file):\/\//.exec(url)?.[1];
  if (!scheme || !URL.canParse(url)) throw notSupported(url, 'is not one of the supported forms');
  const parsed = new URL(url);
  if (scheme === 'file') {
    if (parsed.hostname !== '') throw notSupported(url, 'names a host in a file URL');
    return local(url, allowLocal);
  }
  if (parsed.hostname === '' || /^-|%/.test(parsed.hostname)) throw notSupported(url, 'has no usable host');
  if (parsed.username.startsWith('-')) throw notSupported(url, 'has no usable user');
  if (parsed.password !== '' || (scheme === 'https' && parsed.username !== '')) {
    throw refuse(
      400,
      'RIG_URL_SECRET',
      'The URL carries a user or password.',
      'Leave it out. A rig’s credential is a secret, on a laptop a file: docs/runbooks/refinery.md, “A rig’s credential”.',
    );
  }
  return url;
}

function local(url: string, allowLocal: boolean): string {
  if (allowLocal) return url;
  throw refuse(
    400,
    'RIG_URL_LOCAL',
    `"${url.slice(0, 200)}" is a path, and this town does not run on your machine.`,
    'Give an https:// or ssh:// URL.',
  );
}

export function checkBranch(branch: string, what: string): void {
  if (branchPattern.test(branch)) return;
  throw refuse(
    422,
    'BRANCH_UNSUPPORTED',
    `The ${what} "${branch.slice(0, 200)}" is longer than 78 characters, or has others than letters, digits and _ . / + @ = -.`,
    'Set refinery.target to another branch, or rename it.',
  );
}

/** Initials of the name's parts, or its first letters; longer, then numbered, while another rig has it. */
export function prefixFor(name: string, taken: ReadonlySet<string>): string {
  const parts = name.split('-').filter(Boolean);
  const letters = parts.join('');
  const initials = parts
    .map((part) => part.charAt(0))
    .join('')
    .slice(0, 4);
  const tries = [...(parts.length > 1 ? [initials] : []), ...[2, 3, 4, 5, 6].map((n) => letters.slice(0, n))];
  const free = tries.find((prefix) => prefixPattern.test(prefix) && !taken.has(prefix));
  if (free !== undefined) return free;
  for (let n = 2; ; n += 1) {
    const numbered = `${letters.slice(0, 4)}${n}`;
    if (!taken.has(numbered)) return numbered;
  }
}

/** The part of a URL that names the repository: a path and its file URL are one, with or without `.git` or a last slash. */
const placeOf = (url: string): string =>
  url
    .replace(/^file:\/\//, '')
    .replace(/^(\w+:\/\/)([^/]*)/, (host) => host.toLowerCase())
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/\/+$/, '');

export const sameRepository = (one: string, other: string): boolean => placeOf(one) === placeOf(other);

/** One sentence from what git printed: its first `fatal:` line, without the URL that the sentence has already. */
export function whyNoAnswer(url: string, printed: string): string {
  if (printed.startsWith(`${url} `)) return sentence(printed);
  const lines = printed.replace(`${url}: `, '').split(/ \| |\n/);
  const said = lines.find((line) => line.startsWith('fatal: ')) ?? lines[0] ?? '';
  const path = url.replace(/^file:\/\//, '');
  const why = [url, path].reduce(
    (text, name) => text.replaceAll(`'${name}/'`, 'it').replaceAll(`'${name}'`, 'it'),
    said.replace(/^fatal: /, ''),
  );
  return sentence(`No repository answers at ${url}: ${why}`);
}

const sentence = (text: string): string => `${text.trim().replace(/[.:]$/, '')}.`;
