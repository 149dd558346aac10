/** What may appear in an argument of git: checked here, so that no name is ever read as an option or a path. */
import { PortRefused } from '../core/errors.ts';
import { isConvoyId } from '../core/keys.ts';
import type { Oid, Remote } from '../core/ports.ts';

const oidPattern = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

export function checkOid(oid: string): Oid {
  if (!oidPattern.test(oid))
    throw new PortRefused('BAD_OID', `"${oid.slice(0, 80)}" is not an object id of 40 or 64 hex digits`);
  return oid;
}

/** The rules of `git check-ref-format`, for full names only. */
function isRef(ref: string): boolean {
  if (!ref.startsWith('refs/') || ref.length > 500 || ref.endsWith('/') || ref.endsWith('.')) return false;
  if (/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\//u.test(ref)) return false;
  return ref.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

export function checkRef(ref: string): string {
  if (!isRef(ref)) throw new PortRefused('BAD_REF', `"${ref.slice(0, 80)}" is not a full ref name that git accepts`);
  return ref;
}

export const branchRef = (branch: string): string => checkRef(`refs/heads/${branch}`);

/** Where candidates go: hidden from people, or to branches that CI listens to. */
export const isCandidate = (ref: string): boolean => /^refs\/(heads\/)?gastown\//.test(ref);
export const isIntegration = (ref: string): boolean =>
  ref.startsWith('refs/heads/integration/') && isConvoyId(ref.slice('refs/heads/integration/'.length));
/** Refs that the town made itself, and so may delete. */
export const isOwn = (ref: string): boolean =>
  isCandidate(ref) || isIntegration(ref) || ref.startsWith('refs/heads/polecat/');

export const isLocal = (url: string): boolean => url.startsWith('/');

/** https, http (loopback, for tests and proxies), ssh and file URLs, `git@host:path`, or an absolute path. */
export function checkUrl({ rig, url }: Remote): string {
  const clean = url.length <= 2000 && !(isLocal(url) ? /[\p{Cc}"\\]/u : /[\p{Cc}\s"\\]/u).test(url);
  const known =
    isLocal(url) ||
    /^(https?|ssh|file):\/\/[^-]/.test(url) ||
    /^[A-Za-z0-9_.]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^-]/.test(url);
  if (!clean || !known) {
    throw new PortRefused(
      'BAD_REMOTE',
      `rig ${rig}: "${url.slice(0, 120)}" is no https, ssh or file URL and no absolute path`,
    );
  }
  return url;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A path, given one character a byte, as text: as git quotes it if it is no UTF-8. */
export function pathName(bytes: string): string {
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    const quoted = (char: string) =>
      /["\\]/.test(char) ? `\\${char}` : `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
    return `"${bytes.replace(/[^ -~]|["\\]/g, quoted)}"`;
  }
}

/** Names and addresses end up between `<` and `>` on one line of a commit object. */
export const identity = (text: string): string => text.replace(/[<>\p{Cc}]/gu, '').trim() || 'unknown';
