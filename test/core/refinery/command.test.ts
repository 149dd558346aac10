import { expect, test } from '@jest/globals';
import { keys } from '../../../core/keys.ts';
import { rejectByHand } from '../../../core/refinery/command.ts';
import type { Landing } from '../../../core/refinery/records.ts';
import { itemOf, t0 } from '../fixtures.ts';
import { base, head, requestOf, viewOf } from './conflict/fixtures.ts';

const request = requestOf({ state: 'queued' });
const landing = (state: Landing['state']) =>
  itemOf(keys.landing('greenhouse', 'main', 1), {
    epoch: 1,
    from: base,
    to: head,
    candidate: 'C',
    members: [{ seq: request.body.seq, bead: request.body.bead, attempt: 1, commit: head }],
    state,
    because: '',
    tries: 1,
    pushDeadline: t0,
    openedAt: t0,
  } satisfies Landing);
const reject = (state: Landing['state']) =>
  rejectByHand({ ...viewOf(request), landings: [landing(state)] }, request, 'ada', 'not now', t0);

test.each(['open', 'arrived'] as const)('a change whose landing is %s cannot be rejected any more', (state) => {
  expect(() => reject(state)).toThrow(expect.objectContaining({ code: 'MERGE_REQUEST_LANDING' }));
});

test('one whose landing was given up can: its push may never arrive', () => {
  expect(reject('given_up').changes).not.toHaveLength(0);
});
