import { makeMetrics } from '../../aws/log.ts';
import { makeHandler as makeEffects } from '../platform/effects.ts';
import { performerPorts } from '../platform/performer.entry.ts';
import { stoppedTask } from './stopped-task.ts';
import { witnessEnv } from './witness.env.ts';
import { makeHandler, type PatrolReport, type WitnessEvent } from './witness.ts';

const env = witnessEnv.read(process.env);
const ports = performerPorts(env);
const metrics = makeMetrics(ports.clock, env.TOWN_NAME);
const patrol = makeHandler({ ...ports, performEffects: makeEffects(ports) });

/** The schedule sends `{ kind: 'patrol' }`, EventBridge the state change of a task. */
export async function handler(event: WitnessEvent | { readonly detail: unknown }): Promise<PatrolReport> {
  const report = await patrol('kind' in event ? event : stoppedTask(event.detail));
  if (report.looked > 0) metrics({ PatrolLooked: report.looked, PatrolFailed: report.failed });
  return report;
}
