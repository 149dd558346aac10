/** Values that are right by themselves and wrong together. */
import type { z } from 'zod';
import { limits } from '../../core/limits.ts';
import type { Config } from '../config.ts';

/** Sizes that Fargate sells: CPU units → MiB of memory. */
const fargateSizes: Readonly<Record<number, { min: number; max: number; step: number }>> = {
  512: { min: 1024, max: 4096, step: 1024 },
  1024: { min: 2048, max: 8192, step: 1024 },
  2048: { min: 4096, max: 16_384, step: 1024 },
  4096: { min: 8192, max: 30_720, step: 1024 },
  8192: { min: 16_384, max: 61_440, step: 4096 },
};

/** The key to blame, and the rest of a sentence that starts with its name and value. */
type Contradiction = readonly [key: keyof Config, why: string];

export function contradictions(config: Config, context: z.RefinementCtx): void {
  for (const [key, message] of [
    ...packaging(config),
    ...size(config),
    ...beats(config),
    ...identity(config),
    ...network(config),
  ])
    context.addIssue({ code: 'custom', path: [key], message });
}

function* packaging(config: Config): Generator<Contradiction> {
  if (config.packaging === 'zip' && !config.gitLayer)
    yield ['gitLayer', 'is needed with packaging=zip: a function has no git of its own'];
  if (config.packaging === 'image' && config.gitLayer)
    yield ['gitLayer', 'is only used with packaging=zip: an image takes no layers'];
}

function* size({ polecatCpu, polecatMemoryMiB }: Config): Generator<Contradiction> {
  const sold = fargateSizes[polecatCpu];
  if (!sold) yield ['polecatCpu', `must be one of ${Object.keys(fargateSizes).join(', ')}`];
  else if (polecatMemoryMiB < sold.min || polecatMemoryMiB > sold.max || polecatMemoryMiB % sold.step !== 0)
    yield [
      'polecatMemoryMiB',
      `must be ${sold.min} to ${sold.max} in steps of ${sold.step} with ${polecatCpu} CPU units`,
    ];
}

/** Beats that the throttle turns away make polecats look dead that are at work. */
function* beats({ polecatsMax, apiRequestsPerSecond }: Config): Generator<Contradiction> {
  const perSecond = Math.ceil((polecatsMax * 1000) / limits.heartbeatEveryMs);
  if (apiRequestsPerSecond < perSecond)
    yield [
      'apiRequestsPerSecond',
      `must be at least ${perSecond}: ${polecatsMax} polecats (polecatsMax) beat every ${limits.heartbeatEveryMs / 1000} s`,
    ];
}

function* identity({ jwtIssuer, jwtAudience }: Config): Generator<Contradiction> {
  if ((jwtIssuer === undefined) !== (jwtAudience === undefined))
    yield [
      jwtIssuer ? 'jwtAudience' : 'jwtIssuer',
      'is needed too: a token is accepted by its issuer and its audience together',
    ];
}

function* network({ vpcId, subnetIds, publicIp, allowedDomains, polecatImage }: Config): Generator<Contradiction> {
  if ((vpcId === undefined) !== (subnetIds === undefined))
    yield [
      vpcId ? 'subnetIds' : 'vpcId',
      'is needed too: a network of your own is its vpcId and the subnets for tasks',
    ];
  if (!vpcId && !publicIp)
    yield ['publicIp', 'must be true without vpcId: the network that the town makes has no other way out'];
  if (vpcId && allowedDomains)
    yield ['allowedDomains', 'cannot be used with vpcId: it would hold for everything else in that network as well'];
  const registry = polecatImage?.split('/')[0];
  if (registry && allowedDomains && !/\.dkr\.ecr\./.test(registry) && !allowedDomains.includes(registry))
    yield ['allowedDomains', `must have ${registry} among them: the tasks’ image (polecatImage) is there`];
}
