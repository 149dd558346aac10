import { expect, test } from '@jest/globals';
import { planChecklist } from '../../../core/intents/plan-checklist.ts';
import { limits } from '../../../core/limits.ts';

const town = { rig: 'green', rigs: ['green'], runtime: 'shell' } as const;
const faultsOf = (text: string) => {
  const planned = planChecklist(text, limits, town);
  return 'faults' in planned ? planned.faults : [];
};

test('prose is told that it needs a model, or tasks', () => {
  const [fault, ...others] = faultsOf('# Warmth\n\nMake the greenhouse warmer.\n');
  expect(others).toEqual([]);
  expect(fault).toMatchObject({ code: 'PLAN_EMPTY', at: 'line 1' });
  expect(fault?.what).toContain('no model');
});

test('a checklist whose tasks are all done is told that, and nothing of models', () => {
  const [fault] = faultsOf('# Warmth\n\n- [x] heat: Heat it\n');
  expect(fault).toMatchObject({ code: 'PLAN_EMPTY' });
  expect(fault?.what).not.toContain('model');
});

test('a formula on a rig whose agent runs scripts is told of another agent, not of a script', () => {
  const [fault] = faultsOf('# Warmth\n\n- [ ] heat: Heat it\n  formula: shiny\n');
  expect(fault).toMatchObject({ code: 'SCRIPT_MISSING' });
  expect(fault?.remedy).toBe(
    'A formula needs an agent that works from a prompt: gt rig config green agent.runtime claude.',
  );
});
