/** What the Mayor's calls of a model cost: a scripted server behind the real adapter, the record of a real ledger. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mayorUsdOf, spendingOf } from '../../../core/convoys/spending.ts';
import { usdOf } from '../../../core/costs/model-usage.ts';
import { sumUsd } from '../../../core/costs/rounded.ts';
import { AnswerLost, Unavailable } from '../../../core/errors.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Model, Repo } from '../../../core/ports.ts';
import type { DayBudget } from '../../../core/scheduler/records.ts';
import { create, replace } from '../../../core/step.ts';
import { makeTick as makeConvoyTick } from '../../../lambdas/convoys/convoys.ts';
import { makeHandler } from '../../../lambdas/intents/mayor.ts';
import { accountOf, moneyFor } from '../../../lambdas/intents/model-money.ts';
import { rejectPlan } from '../../../lambdas/intents/review.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { runCommand } from '../../../lambdas/platform/command.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { makeTick } from '../../../lambdas/scheduler/scheduler.ts';
import { called, MessagesApi } from '../../local/messages-api.ts';
import { Crash, convoyOf, eventsOf, openTown, start, type Town } from './town.ts';

const bead = {
  name: 'a',
  title: 'Do a',
  instructions: 'Write a into a.txt.',
  acceptance: [{ kind: 'command', text: 'grep a a.txt' }],
  files: ['a.txt'],
};
const good = called('submit_plan', { title: 'A plan', beads: [bead] });
const faulty = called('submit_plan', { title: 'A plan', beads: [{ ...bead, files: ['../a'] }] });
/** Of each answer of the server, by the model that a laptop asks. */
const answerUsd = usdOf('claude-sonnet-4-5', { input_tokens: 12, output_tokens: 3 });
const settings = { 'agent.runtime': 'command', 'agent.command': 'agent {prompt}' };
const dayMs = 24 * 3_600_000;
/** A repository without a commit: what is planned is not read here. */
const repo = { readRef: async () => undefined } as Pick<Repo, 'readRef'> as Repo;

const api = new MessagesApi();
let model: Model;
beforeAll(async () => {
  model = await api.model();
});
beforeEach(() => {
  api.seen.length = 0;
});
afterAll(() => api.close());

interface Play {
  readonly town: Town;
  readonly id: string;
  /** One run of the Mayor's function, with this model. */
  go(with_?: Model): Promise<string>;
  /** In USD: of the convoy, and of the day so many days after the first. */
  booked(day?: number): Promise<readonly [number, number]>;
}

async function submitted(more: object = {}): Promise<Play> {
  const town = await openTown({ ...settings, ...more });
  const { convoy } = await submitIntent(town, { caller: 'ada', text: 'Write a.', rig: 'green', plan: 'auto' });
  const { id } = convoy;
  return {
    town,
    id,
    go: async (asked = model) => (await makeHandler({ ...town, repo, model: asked })({ op: 'plan', convoy: id })).go,
    async booked(day = 0) {
      return [
        mayorUsdOf(await convoyOf(town, id)),
        (await load.budget(town.ledger, start + day * dayMs))?.body.spentUsd ?? 0,
      ];
    },
  };
}

describe('a call of the Mayor’s model', () => {
  let play: Play;
  beforeEach(async () => {
    play = await submitted();
  });

  test('is booked at the most that it may cost before it is sent, and at what it did cost afterwards', async () => {
    api.answers(faulty, good);
    let before: readonly number[] = [];
    const watched: Model = {
      mostUsd: (request) => model.mostUsd(request),
      async complete(request) {
        before = await play.booked();
        expect(before).toEqual([model.mostUsd(request), model.mostUsd(request)]);
        return model.complete(request);
      },
    };
    expect(await play.go(watched)).toBe('plan');
    expect(before[0]).toBeGreaterThan(answerUsd);
    expect(await play.booked()).toEqual([answerUsd, answerUsd]);
    expect(await play.go()).toBe('launch');
    const twice = sumUsd([answerUsd, answerUsd]);
    expect(await play.booked()).toEqual([twice, twice]);
    const calls = (await eventsOf(play.town)).filter(({ kind }) => kind === 'mayor.called');
    expect(calls).toMatchObject([{ convoy: play.id }, { convoy: play.id }]);
  });

  test('that was turned away costs nothing, however often', async () => {
    api.answers({ status: 529, body: '' });
    for (let i = 0; i < 7; i += 1) await expect(play.go()).rejects.toBeInstanceOf(Unavailable);
    expect(await play.booked()).toEqual([0, 0]);
    api.answers({ status: 401, body: '{}' });
    expect(await play.go()).toBe('refused');
    expect(await play.booked()).toEqual([0, 0]);
  });

  test('whose answer is lost stays booked at the most: it may have been billed', async () => {
    let mostUsd = 0;
    const lost: Model = {
      mostUsd: (request) => {
        mostUsd = model.mostUsd(request);
        return mostUsd;
      },
      complete: async () => {
        throw new AnswerLost('too late');
      },
    };
    await expect(play.go(lost)).rejects.toBeInstanceOf(AnswerLost);
    expect(await play.booked()).toEqual([mostUsd, mostUsd]);
  });

  test('that a crash leaves open stays booked, and the next one is booked beside it', async () => {
    api.answers(good);
    let mostUsd = 0;
    play.town.afterCommit = async () => {
      [mostUsd = 0] = await play.booked();
      throw new Crash();
    };
    await expect(play.go()).rejects.toBeInstanceOf(Crash);
    expect(mostUsd).toBeGreaterThan(answerUsd);
    play.town.afterCommit = async () => {};
    expect(await play.go()).toBe('launch');
    expect(await play.booked()).toEqual([sumUsd([mostUsd, answerUsd]), sumUsd([mostUsd, answerUsd])]);
  });

  test('that ends after midnight is paid by the day on which it began', async () => {
    api.answers(good);
    const slow: Model = {
      mostUsd: (request) => model.mostUsd(request),
      async complete(request) {
        play.town.advance(dayMs);
        return model.complete(request);
      },
    };
    await play.go(slow);
    expect(await play.booked()).toEqual([answerUsd, answerUsd]);
    expect(await play.booked(1)).toEqual([answerUsd, 0]);
  });
});

describe('two runs of the Mayor about one convoy', () => {
  const cap = { 'budget.per_convoy_usd': 0.5 };
  /** A model whose calls may cost so much that two have no room; `meanwhile` happens while one is made. */
  const dear = (meanwhile: () => Promise<unknown> = async () => {}): Model => ({
    mostUsd: () => 0.4,
    async complete(request) {
      await meanwhile();
      return model.complete(request);
    },
  });

  test('the second waits for the money that the first has booked, and refuses nothing for it', async () => {
    api.answers(good);
    const { town, id, go } = await submitted(cap);
    const second = () => expect(go(dear())).rejects.toBeInstanceOf(Unavailable);
    expect(await go(dear(second))).toBe('launch');
    expect(await convoyOf(town, id)).toMatchObject({ mayorUsd: answerUsd });
  });

  test('an answer to what was asked before a human said another thing is paid for, and not taken', async () => {
    api.answers(faulty, faulty, faulty, good);
    const { town, id, go, booked } = await submitted();
    for (const end of ['plan', 'plan']) expect(await go()).toBe(end);
    const overrun = async () => {
      expect(await go()).toBe('refused');
      await rejectPlan(town, id, 'use b.txt', 'ada');
    };
    await go(dear(overrun));
    const convoy = await convoyOf(town, id);
    expect(convoy).toMatchObject({ status: 'planning', planning: { comment: 'use b.txt', round: 0 } });
    expect(convoy.draft).toBeUndefined();
    expect((await booked())[0]).toBe(sumUsd([answerUsd, answerUsd, answerUsd, answerUsd]));
  });

  test('a call that nobody can be making any more is spent, and holds nothing up', async () => {
    api.answers(good);
    const { town, id, go } = await submitted(cap);
    town.afterCommit = async () => {
      throw new Crash();
    };
    await expect(go(dear())).rejects.toBeInstanceOf(Crash);
    town.afterCommit = async () => {};
    await expect(go(dear())).rejects.toBeInstanceOf(Unavailable);
    town.advance(limits.modelCallLapsesMs + 1);
    expect(await go(dear())).toBe('refused');
    expect((await convoyOf(town, id)).faults?.[0]?.what).toContain('the $0.5 of the convoy have $0.4 spent');
  });
});

test.each([
  ['on one day', 1000],
  ['on both sides of midnight', dayMs],
])('a call and an admission that meet %s pass no cap of their convoy together', async (_, ms) => {
  const checklist = '# N\n\n- [ ] a: Do a\n  accept: it is done\n\n  Do a, please.\n';
  const town = await openTown({ ...settings, 'budget.per_bead_usd': 4, 'budget.per_convoy_usd': 5 });
  const { convoy } = await submitIntent(town, { caller: 'ada', text: checklist, rig: 'green', plan: 'auto' });
  for (const op of ['plan', 'launch'] as const) await makeHandler(town)({ op, convoy: convoy.id });
  await makeConvoyTick({ ...town, log: () => {} })(convoy.id);
  const at = (now: number) => ({ ...town, clock: { now: () => now, sleep: async () => {} } });
  let met = false;
  town.beforeCommit = async ({ changes }) => {
    if (met || !changes.some((change) => 'put' in change && change.put.sk === keys.capacity().sk)) return;
    met = true;
    await runCommand<void>(at(start + ms - 5), 'a call', async (now) => {
      const account = await accountOf(town.ledger, convoy.id, now);
      const given = account && (await moneyFor(town, account, { id: 'a', usd: 2, at: now }));
      if (!given || !('convoy' in given)) return { result: undefined };
      const { convoy: is, step } = given;
      return { step: { ...step, changes: [replace(is, is.body), ...step.changes] }, result: undefined };
    });
  };
  const tick = at(start + ms + 5);
  await makeTick({ ...tick, log: () => {}, caps: { polecatsPerTown: 9, dayBudgetUsd: 20 } })('green');
  expect(met).toBe(true);
  const beads = (await load.beads(town.ledger, convoy.id)).map(({ body }) => body);
  const { spentUsd, reservedUsd } = spendingOf(await convoyOf(town, convoy.id), beads, start + ms);
  expect([spentUsd, reservedUsd]).toEqual([0, 2]);
});

describe('a call for which there is no money', () => {
  afterEach(() => {
    expect(api.seen).toEqual([]);
  });

  test('of the day is not made: a human is told, and it is made when the human says so on another day', async () => {
    const { town, id, go, booked } = await submitted();
    const budget: DayBudget = { spentUsd: 15, reservedUsd: 4.99 };
    await town.ledger.commit({ id: 'spent', changes: [create(keys.budget(start), budget)] });
    expect(await go()).toBe('refused');
    const { status, faults } = await convoyOf(town, id);
    expect({ status, faults }).toMatchObject({ status: 'stalled', faults: [{ code: 'BUDGET_SPENT' }] });
    expect(faults?.[0]?.what).toMatch(/the day's budget of \$20 has \$15 spent and \$4\.99 reserved/);
    expect((await load.escalation(town.ledger, `convoy/${id}/stalled`))?.body.status).toBe('open');
    expect(await booked()).toEqual([0, 15]);

    town.advance(dayMs);
    await rejectPlan(town, id, 'it is tomorrow', 'ada');
    api.answers(good);
    expect(await go()).toBe('launch');
    expect(await booked(1)).toEqual([answerUsd, answerUsd]);
    api.seen.length = 0;
  });

  test('of its convoy is not made either', async () => {
    const { town, id, go, booked } = await submitted({ 'budget.per_convoy_usd': 0.05 });
    expect(await go()).toBe('refused');
    expect((await convoyOf(town, id)).faults?.[0]?.what).toMatch(/the \$0\.05 of the convoy have \$0 spent/);
    expect(await booked()).toEqual([0, 0]);
  });
});
