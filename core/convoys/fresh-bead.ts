/** Everything of a new bead that nobody has said: it is open, and nothing has happened to it. */
import type { ConvoyId } from '../keys.ts';
import type { Instant } from '../ports.ts';

export const freshBead = (rig: string, convoy: ConvoyId, createdAt: Instant) =>
  ({
    rig,
    convoy,
    costUsd: 0,
    status: 'open',
    blockedForGood: false,
    attempt: 0,
    run: 0,
    failures: 0,
    respawns: 0,
    infraDeaths: 0,
    notes: [],
    createdAt,
    spent: { agentMs: 0, gateMs: 0, backoffMs: 0 },
  }) as const;
