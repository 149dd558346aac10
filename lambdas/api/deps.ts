import { z } from '@hono/zod-openapi';
import type { TownError } from '../../core/errors.ts';
import type { LogPlace } from '../../core/feed/trace.ts';
import type { Subject } from '../../core/polecats/protocol.ts';
import type { Ports } from '../../core/ports.ts';
import type { Caller } from './endpoint.ts';

export type ApiDeps = Pick<Ports, 'ledger' | 'blobs' | 'clock' | 'ids' | 'codeHost'> & {
  readonly repo: Pick<Ports['repo'], 'probe' | 'readRef'>;
};

/** A task is heard while its attempt is the current one; what comes later is answered, and changes nothing. */
export type Standing = 'current' | 'superseded';

/** What may work at once; on Fargate, what each task, polecat or gate, takes of the account's quota. */
export interface FleetSize {
  readonly polecatsMax: number;
  readonly fargate?: { readonly vcpusEach: number; readonly spot: boolean };
}

export interface ApiOptions {
  /** Who calls, or why nobody may. `environment` is what the host passes along: on AWS, the event with its authorizer. */
  readonly authenticate: (request: Request, environment: unknown) => Caller | TownError | Promise<Caller | TownError>;
  /**
   * How the caller stands to this subject, where its identity is not a bearer token (AWS: its task's role).
   * Absent: the bearer token of the attempt.
   */
  readonly standingOf?: (subject: Subject, environment: unknown) => Promise<Standing | 'stranger'>;
  /**
   * The secrets that sign the webhooks of a rig: more than one while they are being changed, none if the rig takes no
   * webhooks. The rig is one that the ledger has.
   */
  readonly webhookSecrets: (rig: string) => Promise<readonly string[]>;
  readonly fleet: FleetSize;
  /** Where its log is, for `gt why`. Absent: whoever started the town keeps it to itself. */
  readonly logs?: LogPlace | undefined;
  /** On a laptop: host names it answers to. A page on another origin, or a rebound name, is turned away. */
  readonly hostNames?: readonly string[];
  /** Paths and file URLs as rigs: where the town runs on the user's machine. */
  readonly localRemotes: boolean;
  /** Default: `limits.requestBytesMax`. */
  readonly maxBytes?: number;
  /** A bug: its trace goes to the log, never to the caller. */
  readonly onBug: (error: unknown) => void;
  /** A task spoke for an attempt that has ended or been superseded: it is not heard, and it is recorded. */
  readonly onSuperseded: (subject: Subject) => void;
}

/** Milliseconds since 1970, as every record keeps time. */
export const instant = z.number().openapi({ description: 'Milliseconds since 1970-01-01T00:00:00Z' });
/** A path parameter; whether there is such a thing, its route says. */
export const name = z.string().min(1).max(200);
export const oid = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'expected 40 or 64 hex digits');
export const pageLimit = (fallback: number) => z.coerce.number().int().min(1).max(500).default(fallback);
