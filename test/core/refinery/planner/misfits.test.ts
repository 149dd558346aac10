/** Changes that do not fit each other: however many, in whatever order, the planner comes to an end with them. */
import { expect, test } from '@jest/globals';
import {
  type Board,
  type Change,
  emptyBoard,
  landed,
  onBoard,
  started,
  unbuilt,
  withdrawn,
  withoutIdle,
} from '../../../../core/refinery/planner/board.ts';
import { freshEstimates } from '../../../../core/refinery/planner/estimate.ts';
import { decide } from '../../../../core/refinery/planner/next.ts';
import { seeded } from './drive.ts';

/** Every run passes. What does not fit main any more leaves. Answers how many builds that took, and what never left. */
function play(changes: readonly Change[], fits: (a: string, b: string) => boolean, buildsMax: number) {
  let board: Board = emptyBoard;
  let line = [...changes];
  const main: string[] = [];
  let builds = 0;
  for (; line.length > 0 && builds < buildsMax; builds += 1) {
    board = withoutIdle(board, []);
    const decision = decide({
      board,
      waiting: line.filter(({ id }) => !onBoard(board).has(id)),
      changeOf: (id) => changes.find((change) => change.id === id),
      runs: [],
      checkingMain: false,
      slots: 1,
      batchMax: 64,
      landMax: 512,
      estimates: freshEstimates,
    });
    if (decision.do !== 'test') throw new Error(`${decision.do}, and ${line.length} wait`);
    const { chain = '', content } = decision;
    if (decision.members) board = started(board, chain, decision.members);
    const stale = content.filter((id) => main.some((other) => !fits(other, id)));
    const misfit = content.find((id, i) => content.slice(0, i).some((other) => !fits(other, id)));
    if (stale.length > 0) {
      board = withdrawn(board, stale);
      line = line.filter(({ id }) => !stale.includes(id));
    } else if (misfit !== undefined) board = unbuilt(board, content, misfit);
    else {
      board = landed(board, { chain, content, base: `m${main.length}`, commits: [...content] });
      main.push(...content);
      line = line.filter(({ id }) => !content.includes(id));
    }
  }
  return { builds, left: line.map(({ id }) => id) };
}

const name = (i: number): string => `c${String(i).padStart(3, '0')}`;

test('the riskiest of the line fits one of many not', () => {
  const changes = Array.from({ length: 24 }, (_, i): Change => ({ id: name(i), risk: i === 0 ? 0.1 : 0.05 }));
  const { builds, left } = play(changes, (a, b) => ![a, b].includes(name(0)) || ![a, b].includes(name(1)), 200);
  expect(left).toEqual([]);
  expect(builds).toBeLessThan(20);
});

test.each(Array.from({ length: 40 }, (_, seed) => [seed]))('random lines with random misfits (%d)', (seed) => {
  const next = seeded(seed);
  const count = 3 + Math.floor(next() * 25);
  const density = 0.02 + 0.3 * next();
  const changes = Array.from({ length: count }, (_, i): Change => ({ id: name(i), risk: 0.02 + 0.3 * next() }));
  const misfits = new Set<string>();
  for (const { id: a } of changes)
    for (const { id: b } of changes) if (a < b && next() < density) misfits.add(`${a} ${b}`);
  const fits = (a: string, b: string): boolean => !misfits.has(a < b ? `${a} ${b}` : `${b} ${a}`);
  expect(play(changes, fits, count * count).left).toEqual([]);
});
