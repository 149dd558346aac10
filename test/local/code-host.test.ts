import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keys } from '../../core/keys.ts';
import { create } from '../../core/step.ts';
import { realClock } from '../../local/clock.ts';
import { makeReportedChecks } from '../../local/code-host.ts';
import { type LocalLedger, openLedger } from '../../local/ledger.ts';

const remote = { rig: 'greenhouse', url: 'https://example.com/greenhouse.git' };
const commit = 'a'.repeat(40);
let ledger: LocalLedger;
beforeAll(async () => {
  ledger = await openLedger({ clock: realClock });
});
afterAll(() => ledger.close());

test('the checks of a commit are what was reported of it, and of no other rig or commit', async () => {
  const reports = {
    'ci/build (20)': { state: 'success', url: 'https://example.com/1', reportedAt: 5 },
    lint: { state: 'pending', reportedAt: 6 },
  };
  await ledger.commit({ id: 'c', changes: [create(keys.checks('greenhouse', commit), { reports })] });
  const host = makeReportedChecks(ledger);
  expect(await host.checks(remote, commit)).toEqual([
    { name: 'ci/build (20)', state: 'success', url: 'https://example.com/1', reportedAt: 5 },
    { name: 'lint', state: 'pending', reportedAt: 6 },
  ]);
  expect(await host.checks(remote, 'b'.repeat(40))).toEqual([]);
  expect(await host.checks({ ...remote, rig: 'other' }, commit)).toEqual([]);
});

test('reports cannot say which checks a branch requires', async () => {
  expect(await makeReportedChecks(ledger).requiredChecks(remote, 'main')).toBeUndefined();
});

test('a laptop’s remotes need no credential, unless one is given', async () => {
  const credential = { username: 'town', password: 's3cret' };
  expect(await makeReportedChecks(ledger).gitCredential(remote)).toBeUndefined();
  expect(await makeReportedChecks(ledger, async () => credential).gitCredential(remote)).toEqual(credential);
});
