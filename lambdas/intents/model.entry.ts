/** Bedrock, in a file of its own: a bundle that named it would carry it. */

import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { clientSettings } from '../../aws/clients.ts';
import { makeModel } from '../../aws/model.ts';
import { limits } from '../../core/limits.ts';

/** One try a run: the state machine makes the others, each with all of a function's time. */
export const modelPort = (env: { readonly MODEL_ID: string }) =>
  makeModel(
    new BedrockRuntimeClient({ ...clientSettings({ requestTimeoutMs: limits.modelTimeoutMs }), maxAttempts: 1 }),
    { modelId: env.MODEL_ID },
  );
