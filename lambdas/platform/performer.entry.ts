/** Everything that performing an effect needs: shared by the effects function and the Witness. */
import { makeLaunchGate } from '../refinery/launch-gate.ts';
import type { effectsEnv } from './effects.env.ts';
import { commandPorts, fleetPort, notifierPort, tickQueues, workflowsPort } from './ports.entry.ts';
import { metered } from './spent.entry.ts';

export function performerPorts(env: ReturnType<typeof effectsEnv.read>) {
  const ports = metered({
    ...commandPorts(env),
    fleet: fleetPort(env),
    queues: tickQueues(env),
    workflows: workflowsPort(env),
    notifier: notifierPort(env),
  });
  return { ...ports, launchGate: makeLaunchGate({ ...ports, apiUrl: () => env.API_URL, secretOf: () => undefined }) };
}
