import { itemOfStreamRecord, type StreamRecord } from '../../aws/stream.ts';
import type { BatchResponse } from '../../core/deliveries.ts';
import type { EffectRecord } from '../../core/effects.ts';
import type { Item } from '../../core/ports.ts';
import { effectsEnv } from './effects.env.ts';
import { makeHandler } from './effects.ts';
import { performerPorts } from './performer.entry.ts';
import { billed } from './spent.entry.ts';

const ports = performerPorts(effectsEnv.read(process.env));
const perform = makeHandler(ports);

/** The stream's filter lets only new effects through. One that fails stays in the table: no record fails here. */
export const handler = billed(
  ports,
  async (event: { readonly Records: readonly StreamRecord[] }): Promise<BatchResponse> => {
    const items = event.Records.flatMap((record) => itemOfStreamRecord(record) ?? []);
    await perform(items as unknown as Item<EffectRecord>[]);
    return { batchItemFailures: [] };
  },
);
