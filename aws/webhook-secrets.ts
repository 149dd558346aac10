/** The secrets that sign a rig's webhooks, from Secrets Manager, held for a short while. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { limits } from '../core/limits.ts';
import type { Clock, Instant } from '../core/ports.ts';
import { secretsIn } from '../core/rigs/webhooks.ts';
import { secretText } from './secret.ts';

export interface WebhookSecretsConfig {
  /** The secret of a rig is named this and the rig's name: `gastown/webhook/greenhouse`. */
  readonly secretPrefix: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** That there is none is held as well. A rig has one entry, and only rigs that exist are asked for. */
export function makeWebhookSecrets(client: SecretsManagerClient, { secretPrefix, clock }: WebhookSecretsConfig) {
  const held = new Map<string, { readonly until: Instant; readonly secrets: readonly string[] }>();
  return async (rig: string): Promise<readonly string[]> => {
    const known = held.get(rig);
    if (known && clock.now() < known.until) return known.secrets;
    const text = await secretText(client, 'a webhook’s secret', `${secretPrefix}${rig}`);
    const secrets = secretsIn(text ?? '');
    held.set(rig, { until: clock.now() + limits.webhookSecretHeldMs, secrets });
    return secrets;
  };
}
