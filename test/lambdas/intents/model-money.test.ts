/** What the Mayor's calls of a model cost: a scripted server behind the real adapter, the record of a real ledger. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { usdOf } from '../../../core/costs/model-usage.ts';
import { sumUsd } from '../../../core/costs/rounded.ts';
import { AnswerLost, Unavailable } from '../../../core/errors.ts';
import { keys } from '../../../core/keys.ts';
import type { Model, Repo } from '../../../core/ports.ts';
import type { DayBudget } from '../../../core/scheduler/records.ts';
import { create } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/intents/mayor.ts';
import { rejectPlan } from '../../../lambdas/intents/review.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { load } from '../../../lambdas/platform/load.ts';
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
  booked(day?: number): Promise<readonly [number | undefined, number]>;
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
      const { mayorUsd } = await convoyOf(town, id);
      return [mayorUsd, (await load.budget(town.ledger, start + day * dayMs))?.body.spentUsd ?? 0];
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
    let before: readonly (number | undefined)[] = [];
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
    await expect(play.go()).rejects.toThrow('status 401');
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
    expect(await booked()).toEqual([undefined, 15]);

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
    expect(await booked()).toEqual([undefined, 0]);
  });
});
