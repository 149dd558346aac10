/** What the Refinery promises of its runs, held against the rows: by how much each is kept or missed. */
import type { Row } from './rows.ts';
import { loadName } from './table.ts';

export interface Target {
  readonly target: string;
  readonly kept: boolean;
  /** Cells that miss it, of all that it is held against. */
  readonly missed: number;
  readonly of: number;
  /** The worst figure, and where. */
  readonly found: string;
}

const where = ({ cell: { policy, scenario } }: Row): string =>
  `${policy} at p=${scenario.p}, f=${scenario.f}, K=${scenario.slots}, ${loadName(scenario.load)}`;

export const isPlain = ({ cell: { scenario } }: Row): boolean =>
  scenario.load.kind === 'saturated' &&
  scenario.textual === 0 &&
  scenario.semantic === 0 &&
  scenario.runTime === 'constant' &&
  !scenario.faults;

/** The worst of `rows` by `of`, against the most (or least) it may be. */
function worst(
  target: string,
  rows: readonly Row[],
  of: (row: Row) => number | undefined,
  limit: number,
  sense: 'most' | 'least' = 'most',
): Target {
  const sign = sense === 'most' ? 1 : -1;
  const known = rows.flatMap((row) => {
    const value = of(row);
    return value === undefined ? [] : [{ row, value }];
  });
  const [first] = known.sort((a, b) => sign * (b.value - a.value));
  if (!first) return { target, kept: true, missed: 0, of: 0, found: 'not measured' };
  return {
    target,
    kept: sign * first.value <= sign * limit,
    missed: known.filter(({ value }) => sign * value > sign * limit).length,
    of: known.length,
    found: `${first.value.toPrecision(3)} (${where(first.row)})`,
  };
}

const falseRejectsMax = 0.001;

const shareOfBound = (row: Row): number => row.landedPerRunTime.mean / (row.landedPerRunTimeBound ?? Number.NaN);

export function targets(rows: readonly Row[]): Target[] {
  const plain = rows.filter((row) => isPlain(row) && row.cell.scenario.p >= 0.01);
  const ours = plain.filter(({ cell }) => cell.policy === 'ours');
  const at = (slots: number, pMax: number, fMax: number): Row[] =>
    ours.filter(({ cell: { scenario: s } }) => s.slots === slots && s.p <= pMax && s.f <= fMax);
  const ratio = (row: Row): number | undefined => row.ratio?.mean;
  const alike = (row: Row, slots: number): Row | undefined =>
    ours.find(
      ({ cell: { scenario: s } }) => s.slots === slots && s.p === row.cell.scenario.p && s.f === row.cell.scenario.f,
    );
  /** Each by what its own seeds allow: policies were not all given the same number of them. */
  const against = (row: Row, of: (one: Row) => number | undefined): number | undefined => {
    const own = alike(row, row.cell.scenario.slots);
    return own && (of(own) ?? Number.NaN) / (of(row) ?? Number.NaN);
  };
  const fan = [...at(4, 0.2, 0.02), ...at(16, 0.2, 0.02)];
  const others = plain.filter(({ cell }) => cell.policy !== 'ours');
  return [
    worst('K=1, f=0, p≤.2: runs per landed ≤ 1.08 × bound', at(1, 0.2, 0), ratio, 1.08),
    worst('K=1, f≤.02, p≤.05: ≤ 1.13 × bound', at(1, 0.05, 0.02), ratio, 1.13),
    worst('K=1, f≤.02, p≤.1: ≤ 1.20 × bound', at(1, 0.1, 0.02), ratio, 1.2),
    worst(
      'K=1, f≤.02: false rejects ≤ 0.1% of landed',
      at(1, 0.2, 0.02),
      (row) => row.falseRejects.mean,
      falseRejectsMax,
    ),
    worst('K=1, f≤.02: of the first 300, ≤ 0.25%', at(1, 0.2, 0.02), (row) => row.falseRejectsEarly.mean, 0.0025),
    worst('K=4 and 16: landed per run-time ≥ 75% of the bound', fan, shareOfBound, 0.75, 'least'),
    worst(
      'K=4 and 16: runs per landed ≤ 1.35 × those of K=1',
      fan.filter((row) => alike(row, 1)),
      (row) => row.runsPerLanded.mean / (alike(row, 1)?.runsPerLanded.mean ?? Number.NaN),
      1.35,
    ),
    worst(
      'fewer runs per landed than every other at equal K (ours / theirs)',
      others,
      (row) => against(row, (one) => one.ratio?.mean),
      1,
    ),
    worst(
      'more landed per run-time than every other at equal K (ours / theirs)',
      others,
      (row) => against(row, shareOfBound),
      1,
      'least',
    ),
    worst(
      'for comparison, no target: the same runs per landed, but against those cells alone that reject ≤ 0.1% falsely',
      others.filter((row) => row.falseRejects.mean <= falseRejectsMax),
      (row) => against(row, (one) => one.ratio?.mean),
      1,
    ),
    worst(
      'red, lost, twice: 0 everywhere',
      rows,
      ({ violations: { red, lost, twice, untested } }) => red + lost + twice + untested,
      0,
    ),
  ];
}
