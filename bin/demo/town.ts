/** From an empty directory to a convoy that has ended, all of it over the town's own API. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileLog } from '../../local/log.ts';
import { startTown, type Town } from '../../local/town.ts';
import { Client } from '../gt/client.ts';
import { Refusal } from '../gt/refusal.ts';
import type { Cast } from './cast.ts';
import { type ConvoyView, type Snapshot, type View, watch } from './convoy.ts';
import type { DemoRig } from './rig.ts';

export interface Mission {
  readonly rig: DemoRig;
  readonly gate: string;
  /** The intent's text. */
  readonly intent: string;
  readonly settings: Cast['settings'];
}

export const readIntent = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: Error) => {
    throw new Refusal('FILE_UNREADABLE', `${error.message}.`, 'Give --intent a checklist: docs/intents.md.');
  });

/** Mails are files as well; on the terminal they would tear the tree. */
export const openTown = (dir: string, { environment, model }: Cast): Promise<Town> =>
  startTown({
    dir,
    environment,
    model,
    print: () => undefined,
    log: fileLog(createWriteStream(join(dir, 'town.log'), { flags: 'a', mode: 0o600 })),
  });

export async function runMission(town: Town, mission: Mission, view: View, signal: AbortSignal): Promise<Snapshot> {
  const { rig, gate, intent, settings } = mission;
  const client = new Client({ url: town.url, token: town.token });
  await client.post('rigs', { body: { name: rig.name, url: rig.path } });
  // Two minutes of rest before a retry are right for an agent that costs money, and long for a demo.
  await client.patch(`rigs/${rig.name}/config`, {
    'refinery.gates.demo': gate,
    'retry.backoff_s': [1],
    ...settings,
  });
  const { convoy } = await client.post<{ convoy: ConvoyView }>('intents', { body: { text: intent, rig: rig.name } });
  return await watch(client, convoy, view, signal);
}
