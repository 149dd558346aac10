/** Everyone who competes, and who bounds them. */

import { batchAndHalve, batchOfFive, batchStop4 } from './policies/batches.ts';
import { oracle } from './policies/oracle.ts';
import { ours } from './policies/ours.ts';
import { serial } from './policies/serial.ts';
import { speculation } from './policies/speculation.ts';
import type { Policy } from './policy.ts';
import type { Scenario } from './scenario.ts';

const makers = { ours, serial, batchAndHalve, batchStop4, batchOfFive, speculation, oracle } satisfies Record<
  string,
  (scenario: Scenario) => Policy
>;

export type PolicyName = keyof typeof makers;

export const policyNames = Object.keys(makers) as PolicyName[];

export const makePolicy = (name: PolicyName, scenario: Scenario): Policy => makers[name](scenario);
