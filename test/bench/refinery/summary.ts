/** The last line of `--json`: p = .05, f = .02. */
import { type PolicyName, policyNames } from './policies.ts';
import type { Row } from './rows.ts';
import { isPlain } from './targets.ts';

const places = (value: number | undefined): number | null => (value === undefined ? null : Number(value.toFixed(5)));

export function summary(rows: readonly Row[]) {
  const atMain = rows.filter(({ cell: { scenario } }) => scenario.p === 0.05 && scenario.f === 0.02);
  const full = (policy: PolicyName, slots: number): Row | undefined =>
    atMain.find((row) => row.cell.policy === policy && row.cell.scenario.slots === slots && isPlain(row));
  const light = (policy: PolicyName): Row | undefined =>
    atMain.find(
      ({ cell }) => cell.policy === policy && cell.scenario.slots === 1 && cell.scenario.load.kind === 'poisson',
    );
  const figures = (policy: PolicyName) => ({
    runsPerLanded: places(full(policy, 1)?.runsPerLanded.mean),
    falseRejects: places(full(policy, 1)?.falseRejects.mean),
    p95WaitRuns: places(light(policy)?.waitP95.mean),
  });
  const [ours, k16] = [full('ours', 1), full('ours', 16)];
  const worst = rows.filter((row) => {
    const { p, f, slots } = row.cell.scenario;
    return row.cell.policy === 'ours' && isPlain(row) && slots === 1 && p >= 0.01 && p <= 0.1 && f <= 0.02;
  });
  const { runsPerLanded, falseRejects, p95WaitRuns } = figures('ours');
  return {
    runsPerLanded,
    bound: places(ours?.bound),
    ratio: places(ours?.ratio?.mean),
    falseRejects,
    p95WaitRuns,
    policies: Object.fromEntries(
      policyNames
        .filter((policy) => policy !== 'ours' && policy !== 'oracle')
        .map((policy) => [policy, figures(policy)]),
    ),
    worstRatio: places(Math.max(...worst.map(({ ratio }) => ratio?.mean ?? 0))),
    k16: {
      landedPerRun: places(k16?.landedPerRunTime.mean),
      bound: places(k16?.landedPerRunTimeBound),
      runsPerLanded: places(k16?.runsPerLanded.mean),
    },
  };
}
