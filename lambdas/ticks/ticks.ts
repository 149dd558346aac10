/**
 * The light ticks, of a rig's line and of a convoy: one queue and one function, because a queue costs money by being
 * polled. A batch may hold groups of both; each is served by its own tick (docs/decisions/light-ticks-share-a-queue.md).
 */
import { makeTick as makeConvoyTick } from '../convoys/convoys.ts';
import { makeTickHandler } from '../platform/tick-handler.ts';
import { makeTick as makeSchedulerTick, type SchedulerDeps } from '../scheduler/scheduler.ts';

export function makeHandler(deps: SchedulerDeps) {
  const ticks = new Map([
    ['scheduler', makeSchedulerTick(deps)],
    ['convoys', makeConvoyTick(deps)],
  ]);
  return makeTickHandler(deps, async (group) => {
    const [capability = '', subject = ''] = group.split('/');
    const tick = ticks.get(capability);
    if (!tick) throw new Error(`no tick for the group "${group}"`);
    await tick(subject);
  });
}
