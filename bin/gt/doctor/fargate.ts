/** Does the account's quota of Fargate hold what the town may start? */
import { orFault, quotaOf } from '../aws.ts';
import type { Client } from '../client.ts';
import type { StatusView } from '../town.ts';
import { type Finding, notChecked, ok, warn } from './finding.ts';

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html, in vCPU */
const quotas = {
  onDemand: { code: 'L-3032A538', name: 'Fargate On-Demand vCPU resource count' },
  spot: { code: 'L-36FBB829', name: 'Fargate Spot vCPU resource count' },
} as const;

/** Gates run beside polecats, in tasks of the same size: one for four. */
const gatesPerPolecat = 1 / 4;

/** Nothing for a town that does not run on Fargate. Throws the town's Refusal. */
export async function fargate(client: Client, region: string): Promise<Finding[]> {
  const { polecats } = await client.get<StatusView>('status');
  if (!polecats.fargate) return [];
  const { vcpusEach, spot } = polecats.fargate;
  const { code, name } = spot ? quotas.spot : quotas.onDemand;
  const check = 'fargate';
  const quota = await orFault(quotaOf({ service: 'fargate', quota: code }, region, process.env));
  if ('code' in quota)
    return [
      notChecked(
        check,
        `${quota.code}, ${quota.what}`,
        `Allow yourself servicequotas:GetServiceQuota, or look at “${name}” in the console: a new account has 6.`,
      ),
    ];
  const fits = Math.floor(quota.value / vcpusEach);
  const found = `${quota.value} vCPU of ${name} hold ${fits} tasks; polecatsMax is ${polecats.max}`;
  const wanted = Math.ceil(polecats.max * (1 + gatesPerPolecat) * vcpusEach);
  if (quota.value >= wanted) return [ok(check, found)];
  const lower = Math.max(1, Math.floor(fits / (1 + gatesPerPolecat)));
  return [
    warn(
      check,
      `${found}, and gates need room beside them`,
      `Raise it: aws service-quotas request-service-quota-increase --region ${region} --service-code fargate --quota-code ${code} --desired-value ${wanted}. Until then deploy with polecatsMax=${lower}.`,
    ),
  ];
}
