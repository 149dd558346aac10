import { describe, expect, test } from '@jest/globals';
import {
  type Board,
  type Change,
  emptyBoard,
  failed,
  isOfUse,
  joined,
  landed,
  mainMoved,
  mainPassed,
  type Run,
  started,
  unbuilt,
} from '../../../../core/refinery/planner/board.ts';
import { freshEstimates, learnedPass } from '../../../../core/refinery/planner/estimate.ts';
import { decide, type Situation } from '../../../../core/refinery/planner/next.ts';

const change = (id: string, more: Partial<Change> = {}): Change => ({ id, risk: 0.2, ...more });
const line = (...ids: string[]) => ids.map((id) => change(id));
const at = (more: Partial<Situation> = {}): Situation => ({
  board: emptyBoard,
  waiting: [],
  changeOf: (id) => change(id),
  runs: [],
  checkingMain: false,
  slots: 4,
  batchMax: 64,
  landMax: 500,
  estimates: freshEstimates,
  ...more,
});
const run = (chain: string | undefined, content: readonly string[], base = 'main'): Run => ({
  ...(chain === undefined ? {} : { chain }),
  content,
  base,
  commits: content.map((id) => `${base}/${id}`),
});
const running = (...runs: Run[]): { board: Board; runs: Run[] } => ({
  board: runs.reduce((board, { chain = '', content }) => started(board, chain, content), emptyBoard),
  runs,
});
/** Enough passes that a flake is hardly believed in. */
const noFlakes = Array.from({ length: 3000 }).reduce<typeof freshEstimates>(
  (estimates) => learnedPass(estimates, emptyBoard, run(undefined, [])),
  freshEstimates,
);

describe('what somebody else pushes', () => {
  const suspect = { ...emptyBoard, passedSinceCulprit: true };
  const failedTwice = (board: Board, of: Run) => failed(failed(board, of), of);

  test('makes a failure on the main before it no reason to reject, though it comes in later', () => {
    const moved = mainMoved(started(suspect, '1', ['a']));
    const late = failedTwice(moved, run('1', ['a'], 'red main'));
    expect(late.chains).toMatchObject([{ failures: [{ at: 1, times: 2, onMain: false }] }]);
    const again = failed(late, { ...run('1', ['a'], 'mended main'), era: 1 });
    expect(again.chains).toMatchObject([{ failures: [{ at: 1, times: 3, onMain: true }] }]);
  });

  test('is not proven by a pass on the main before it, be it the first or the second', () => {
    const moved = mainMoved(started(started(suspect, '1', ['a']), '2', ['b']));
    expect(joined(moved, run('1', ['a'])).passedSinceCulprit).toBe(false);
    const proven = joined(moved, { ...run('1', ['a']), era: 1 });
    expect(proven.passedSinceCulprit).toBe(true);
    expect(joined({ ...proven, passedSinceCulprit: false }, run('2', ['b'])).passedSinceCulprit).toBe(false);
  });
});

test('a run is of use as long as changes of its own stand first in its chain, or in what has joined', () => {
  const { board } = running(run('1', ['a', 'b']), run('2', ['c']));
  expect([run('1', ['a']), run('2', ['c']), run('3', ['d'])].map((one) => isOfUse(board, one))).toEqual([
    true,
    true,
    false,
  ]);
  const without = unbuilt(board, ['a', 'b'], 'a');
  expect([run('1', ['a']), run('1', ['a', 'b'])].map((one) => isOfUse(without, one))).toEqual([false, true]);
  const apart = joined(board, run('1', ['a', 'b']));
  expect(isOfUse(apart, run('1', ['a']))).toBe(false);
  expect([run(undefined, ['a']), run(undefined, ['b'])].map((one) => isOfUse(apart, one))).toEqual([true, false]);
});

describe('what is tested next', () => {
  test('one change in an empty queue is tested at once', () => {
    expect(decide(at({ waiting: line('a') }))).toMatchObject({ do: 'test', members: ['a'], content: ['a'] });
  });

  test('nothing, when every slot is taken or nothing waits', () => {
    expect(decide(at())).toEqual({ do: 'wait' });
    expect(decide(at({ ...running(run('1', ['a'])), waiting: line('b'), slots: 1 }))).toEqual({ do: 'wait' });
    expect(decide(at({ checkingMain: true, waiting: line('b'), slots: 1 }))).toEqual({ do: 'wait' });
  });

  test('of the first in line, the safest goes first', () => {
    const waiting = [change('a', { risk: 0.3 }), change('b', { risk: 0.1 }), change('c', { risk: 0.9 })];
    expect(decide(at({ waiting }))).toMatchObject({ members: ['b', 'a'] });
  });

  test('nothing is put in the way of a change that was overtaken too often', () => {
    const paths: Record<string, string[]> = { a: ['x'], b: ['y'], wide: ['x', 'y', 'z'], c: ['z'], d: ['w'] };
    const touching = (id: string, more: Partial<Change> = {}) =>
      change(id, { risk: 0.4, paths: paths[id] ?? [], ...more });
    const busy = { ...running(run('1', ['a']), run('2', ['b'])), changeOf: touching };
    const waiting = [touching('wide', { overdue: true }), touching('c'), touching('d')];
    expect(decide(at({ ...busy, waiting }))).toMatchObject({ content: ['d'] });
    const held = { ...busy, board: { ...busy.board, held: [{ id: 'wide', behind: ['a'] }] } };
    expect(decide(at({ ...held, waiting }))).toEqual({ do: 'wait' });
    const risky = [touching('d', { risk: 0.01 }), touching('wide', { risk: 0.3, overdue: true })];
    expect(decide(at({ waiting: risky, changeOf: touching }))).toMatchObject({ content: ['wide', 'd'] });
  });

  test('a change that touches what a running chain touches is not put into another', () => {
    const touching = (id: string) => change(id, { risk: 0.4, paths: [id === 'c' ? 'y' : 'x'] });
    const situation = at({
      ...running(run('1', ['a'])),
      waiting: [touching('b'), touching('c')],
      changeOf: touching,
    });
    expect(decide(situation)).toMatchObject({ content: ['c'] });
  });

  test('chains that come to touch the same are not tested side by side: what is under test runs out, then the oldest goes on', () => {
    const paths: Record<string, string[]> = { a: ['x', 'y'], b: ['x'], c: ['y'] };
    const touching = (id: string) => change(id, { risk: 0.05, paths: paths[id] ?? [] });
    const [one, two, three] = [run('1', ['a']), run('2', ['b', 'd']), run('3', ['c'])];
    // Failed on the main before somebody else's push: no culprit any more, so it is to be tested again.
    const board = mainMoved(failed(running(one, two, three).board, one));
    const situation = at({ board, runs: [two, three], changeOf: touching });
    expect(decide(situation)).toEqual({ do: 'wait' });
    // Those under test do not grow meanwhile, or the other would wait on and on.
    expect(decide({ ...situation, waiting: [touching('e')] })).toMatchObject({ members: ['e'], content: ['e'] });
    const second = failed(board, two);
    expect(decide({ ...situation, board: second, runs: [three] })).toEqual({ do: 'wait' });
    const all = failed(second, three);
    expect(decide({ ...situation, board: all, runs: [] })).toMatchObject({ chain: '1', content: ['a'] });
    expect(decide({ ...situation, board: all, runs: [one] })).toEqual({ do: 'wait' });
  });

  test('a short line goes on top of the chain under test, and does not wait for its verdict', () => {
    const risk = 0.05;
    const situation = at({
      ...running(run('1', ['a'])),
      waiting: [change('b', { risk })],
      changeOf: (id) => change(id, { risk }),
    });
    expect(decide(situation)).toMatchObject({ chain: '1', members: ['a', 'b'], content: ['a', 'b'] });
  });

  test('once as much has joined as may land at once, it is tested by itself, and nothing is built on more', () => {
    const board: Board = { ...emptyBoard, joined: ['a', 'b', 'c'] };
    const situation = at({ board, landMax: 2, waiting: line('d') });
    expect(decide(situation)).toMatchObject({ do: 'test', content: ['a', 'b'] });
    expect(decide({ ...situation, runs: [run(undefined, ['a', 'b'])] })).toEqual({ do: 'wait' });
  });

  test('a fan goes on while nearly as much has joined as may land at once: a whole chain on top may still land with it', () => {
    const ids = Array.from({ length: 19 }, (_, n) => `joined ${n}`);
    const waiting = line('a', 'b', 'c', 'd', 'e').map((one) => ({ ...one, risk: 0.1 }));
    const decision = decide(at({ board: { ...emptyBoard, joined: ids }, landMax: 20, batchMax: 4, waiting }));
    expect(decision).toMatchObject({ do: 'test', members: ['a', 'b', 'c', 'd'] });
    expect(decision).toMatchObject({ content: [...ids.slice(0, 16), 'a', 'b', 'c', 'd'] });
  });

  test('what did not fit behind another is not put behind it again, though the chain of both was never run', () => {
    const waiting = [change('a', { risk: 0.05 }), change('b', { risk: 0.05 }), change('c', { risk: 0.05 })];
    const first = decide(at({ waiting }));
    expect(first).toMatchObject({ chain: '1', members: ['a', 'b', 'c'] });
    const board = unbuilt(started(emptyBoard, '1', ['a', 'b', 'c']), ['a', 'b', 'c'], 'b');
    expect(decide(at({ board, waiting }))).toMatchObject({ chain: '1', content: ['a', 'c'] });
  });

  test('two that do not fit are not built together again, whichever of them is the safer', () => {
    for (const [a, b] of [
      [0.05, 0.04],
      [0.04, 0.05],
    ]) {
      const waiting = [change('a', { risk: a ?? 0 }), change('b', { risk: b ?? 0 })];
      const first = decide(at({ waiting }));
      const members = first.do === 'test' ? (first.members ?? []) : [];
      const board = unbuilt(started(emptyBoard, '1', members), members, members[1] ?? '');
      expect(decide(at({ board, waiting }))).toMatchObject({ chain: '1', content: [members[0]] });
    }
  });

  test('the next runs are built on what passed apart', () => {
    const board = joined(running(run('1', ['a'])).board, run('1', ['a'], 'old'));
    expect(board.joined).toEqual(['a']);
    expect(decide(at({ board, waiting: line('b') }))).toMatchObject({ content: ['a', 'b'] });
    expect(decide(at({ board }))).toEqual(expect.objectContaining({ do: 'test', content: ['a'] }));
  });

  test('what travels alone waits until nothing else is under way, and holds back what stands behind it', () => {
    const waiting = [change('ci', { alone: true }), change('b')];
    const changeOf = (id: string) => waiting.find((other) => other.id === id) ?? change(id);
    expect(decide(at({ ...running(run('1', ['a'])), waiting, changeOf }))).toEqual({ do: 'wait' });
    expect(decide(at({ waiting, changeOf }))).toMatchObject({ content: ['ci'] });
    const alone = running(run('1', ['ci']));
    expect(decide(at({ ...alone, waiting: line('b'), changeOf }))).toEqual({ do: 'wait' });
  });

  test('an urgent change takes the next slot by itself, before a search goes on', () => {
    const board = failed(running(run('1', ['a', 'b'])).board, run('1', ['a', 'b']));
    const waiting = [change('u', { urgent: true }), change('c')];
    expect(decide(at({ board, waiting }))).toMatchObject({ members: ['u'] });
  });

  test('what has joined is tested by itself when three runs failed on it and none passed', () => {
    let board = joined(running(run('1', ['a'])).board, run('1', ['a'], 'old'));
    for (const id of ['b', 'c', 'd']) {
      board = started(board, id, [id]);
      board = failed(board, run(id, ['a', id]));
    }
    const runs = ['b', 'c', 'd'].map((id) => run(id, [id]));
    expect(decide(at({ board, runs, waiting: line('e') }))).toMatchObject({ do: 'test', content: ['a'] });
    const guilty = failed(board, run(undefined, ['a']));
    expect(guilty.joined).toEqual([]);
    // The failures on it count against it alone.
    expect(guilty.chains.map(({ members, failures }) => [members[0], failures.length])).toEqual([
      ['a', 1],
      ['b', 0],
      ['c', 0],
      ['d', 0],
    ]);
  });

  test('a slot stays idle rather than test another prefix of a chain under test: fewer runs go before a shorter wait', () => {
    const under = running(run('1', ['a', 'b', 'c']));
    expect(decide(at(under))).toEqual({ do: 'wait' });
  });
});

describe('who is rejected', () => {
  const proven = mainPassed(emptyBoard);
  const suspect = (board: Board, commits: string[]) =>
    failed(started(board, '1', ['a', 'b']), { chain: '1', content: ['a'], base: 'main', commits });

  test('a change that failed on main, when flakes are rare', () => {
    const board = suspect(proven, ['main/a']);
    expect(decide(at({ board, estimates: noFlakes }))).toMatchObject({ do: 'reject', id: 'a' });
  });

  test('not while flakes may explain it: it is run again', () => {
    expect(decide(at({ board: suspect(proven, ['main/a']) }))).toMatchObject({ do: 'test', content: ['a'] });
  });

  test('not for a failure on what has not landed; once it has, without another run', () => {
    const onOther = failed(started(proven, '1', ['a']), run('1', ['x', 'a']));
    expect(decide(at({ board: onOther, estimates: noFlakes }))).toMatchObject({ do: 'test', content: ['a'] });
    const board = landed(onOther, run(undefined, ['x']));
    expect(decide(at({ board, estimates: noFlakes }))).toMatchObject({ do: 'reject', id: 'a' });
  });

  test('nobody on a main that nothing has passed on since the last: another chain may prove it, else main is checked', () => {
    const board = suspect(emptyBoard, ['main/a']);
    const situation = at({ board, estimates: noFlakes });
    expect(decide({ ...situation, waiting: line('c') })).toMatchObject({ do: 'test', content: ['b', 'c'] });
    const last = failed(started(emptyBoard, '1', ['a']), run('1', ['a']));
    expect(decide({ ...situation, board: last })).toEqual({ do: 'check_main' });
    expect(decide({ ...situation, board: last, checkingMain: true })).toEqual({ do: 'wait' });
    expect(decide({ ...situation, board: mainPassed(last) })).toMatchObject({ do: 'reject', id: 'a' });
  });
});
