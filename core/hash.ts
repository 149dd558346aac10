import { createHash } from 'node:crypto';

/** SHA-256 in hex. Deterministic, so `core` may use it. */
export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** 40 hex digits: short enough for every idempotency token AWS accepts, and of letters that all of them accept. */
export const tokenOf = (text: string): string => sha256(text).slice(0, 40);
