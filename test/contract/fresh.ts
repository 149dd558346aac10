import { randomUUID } from 'node:crypto';

/** A partition, group or commit id that no other test uses: what is tested may be shared. At most 36 characters. */
export const fresh = (what: string): string => `${what}-${randomUUID().slice(-16)}`;
