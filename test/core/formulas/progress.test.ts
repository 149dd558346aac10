import { expect, test } from '@jest/globals';
import type { Molecule } from '../../../core/formulas/molecule.ts';
import { progressOf, type StepTold, withStep } from '../../../core/formulas/progress.ts';

const step = (id: string) => ({ id, title: id, description: '', acceptance: [], needs: [], maxAttempts: 1 });
const molecule: Molecule = { formula: 'two', version: 1, source: 'built-in', steps: [step('one'), step('two')] };
const begun: StepTold = { molecule, step: 'one', state: 'working', tries: 1 };
const done = (id: string, head: string): StepTold => ({ step: id, state: 'done', tries: 1, head });

const after = (attempt: number, told: readonly StepTold[], from?: ReturnType<typeof withStep>) =>
  told.reduce((was, one) => withStep(was, one, { polecat: 'Nux', attempt }, 1), from);

test('a repeat that comes late takes nothing back: neither a step that is done, nor its commit, nor the molecule', () => {
  const whole = after(1, [begun, done('one', 'aaa'), { step: 'two', state: 'working', tries: 1 }, done('two', 'bbb')]);
  expect(progressOf(whole, 'bbb')?.done).toEqual(['one', 'two']);
  for (const late of [begun, done('one', 'aaa'), { ...begun, molecule: undefined }]) {
    expect(after(1, [late], whole)).toBe(whole);
  }
});

test('a later attempt begins anew with a molecule of its own, and does again what it has to', () => {
  const whole = after(1, [begun, done('one', 'aaa')]);
  expect(progressOf(after(2, [begun], whole), undefined)?.done).toEqual([]);
  const again = after(2, [{ step: 'one', state: 'working', tries: 1 }], whole);
  expect(again?.steps.one).toMatchObject({ state: 'working', attempt: 2 });
});

test('a step that an attempt began waits at its gate no more', () => {
  const waits = after(1, [begun, done('one', 'aaa'), { step: 'two', state: 'waiting', tries: 0 }]);
  expect(progressOf(waits, 'aaa')).toMatchObject({ done: ['one'], begun: [] });
  const began = after(2, [{ step: 'two', state: 'working', tries: 1 }], waits);
  expect(progressOf(began, 'aaa')).toMatchObject({ done: ['one'], begun: ['two'] });
});
