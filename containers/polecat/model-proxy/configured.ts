/** Who answers an agent's calls, by what the fleet told the harness. The agent is told none of it. */
import { sigV4 } from '../../../aws/sign.ts';
import { proxyFor } from '../../../local/proxy-for.ts';
import { credentialsUrl, roleCredentials } from '../role.ts';
import type { TaskEnvironment } from '../sandbox.ts';
import { bedrock } from './bedrock.ts';
import { messagesApi } from './messages-api.ts';
import type { Upstream } from './upstream.ts';

const anthropic = 'https://api.anthropic.com';

/**
 * `ANTHROPIC_API_KEY`, with `ANTHROPIC_BASE_URL` for another server than Anthropic's; or `GASTOWN_BEDROCK_MODELS`, ids with
 * commas between them, where the task's role may invoke them. Neither: none.
 */
export function configuredUpstream(environment: TaskEnvironment): Upstream | undefined {
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl, GASTOWN_BEDROCK_MODELS: models } = environment;
  if (apiKey) {
    const server = baseUrl || anthropic;
    return messagesApi({ apiKey, baseUrl: server, proxy: proxyFor(new URL(server), environment) });
  }
  // Others that the town may invoke do not speak the Messages API.
  const [first, ...rest] = (models ?? '').split(',').filter((id) => id.includes('anthropic.'));
  if (first === undefined) return undefined;
  const region = environment.AWS_REGION;
  if (!region) throw new Error('ENV_MISSING: AWS_REGION. ECS sets it; without it there is no Bedrock to ask.');
  return bedrock({
    endpoint: environment.AWS_ENDPOINT_URL_BEDROCK_RUNTIME ?? `https://bedrock-runtime.${region}.amazonaws.com`,
    models: [first, ...rest],
    signer: sigV4({
      region,
      service: 'bedrock',
      credentials: roleCredentials(credentialsUrl(environment)),
      now: () => new Date(),
    }),
  });
}
