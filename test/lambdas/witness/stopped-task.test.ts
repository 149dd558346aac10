import { expect, test } from '@jest/globals';
import { stoppedTask } from '../../../lambdas/witness/stopped-task.ts';

const detail = (environment: unknown) => ({
  lastStatus: 'STOPPED',
  overrides: { containerOverrides: [{ name: 'harness', environment }] },
});

test('the news of a stopped task leads to what it was launched for', () => {
  const subject = { kind: 'polecat', bead: 'gh-abc234-1', attempt: 2 };
  const environment = [
    { name: 'GASTOWN_API', value: 'https://example.com' },
    { name: 'GASTOWN_SUBJECT', value: JSON.stringify(subject) },
  ];
  expect(stoppedTask(detail(environment))).toEqual({ kind: 'task_stopped', subject });
});

test.each([
  ['says nothing', undefined],
  ['has no overrides', { lastStatus: 'STOPPED' }],
  ['names no subject', detail([{ name: 'OTHER', value: '1' }])],
  ['names something else', detail([{ name: 'GASTOWN_SUBJECT', value: '{"kind":"train"}' }])],
  ['is cut off', detail([{ name: 'GASTOWN_SUBJECT', value: '{"kind":' }])],
])('news that %s is a reason to look at everything', (_, news) => {
  expect(stoppedTask(news)).toEqual({ kind: 'patrol' });
});
