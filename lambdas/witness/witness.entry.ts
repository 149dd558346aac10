import { makeHandler as makeEffects } from '../platform/effects.ts';
import { performerPorts } from '../platform/performer.entry.ts';
import { billed } from '../platform/spent.entry.ts';
import { measuring } from './gauges.ts';
import { stoppedTask } from './stopped-task.ts';
import { witnessEnv } from './witness.env.ts';
import { makeHandler, type PatrolReport, type WitnessEvent } from './witness.ts';

const ports = performerPorts(witnessEnv.read(process.env));
const patrol = measuring(ports, makeHandler({ ...ports, performEffects: makeEffects(ports) }));

/** The schedule sends `{ kind: 'patrol' }`, EventBridge the state change of a task. */
export const handler = billed(
  ports,
  (event: WitnessEvent | { readonly detail: unknown }): Promise<PatrolReport> =>
    patrol('kind' in event ? event : stoppedTask(event.detail)),
);
