/** A town whose log is the one of AWS: every line is captured, and asked as CloudWatch would ask it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeLog } from '../../aws/log.ts';
import { traceOf } from '../../core/feed/trace.ts';
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type MetricName, metrics, metricsNamespace } from '../../core/metrics.ts';
import type { Json, Log } from '../../core/ports.ts';
import { create } from '../../core/step.ts';
import { makeHandler as makeMolecule } from '../../lambdas/molecules/molecule.ts';
import { makeHandler as makeEffects } from '../../lambdas/platform/effects.ts';
import { telling } from '../../lambdas/platform/telling.ts';
import { endAttemptOf } from '../../lambdas/polecats/end.ts';
import { measuring } from '../../lambdas/witness/gauges.ts';
import { makeHandler as makeWitness } from '../../lambdas/witness/witness.ts';
import { realClock } from '../../local/clock.ts';
import { realIds } from '../../local/ids.ts';
import { openLedger } from '../../local/ledger.ts';
import { beadOf, idOf } from '../core/fixtures.ts';
import type { ConvoyDetail } from './api-client.ts';
import { openStage, type Stage, task } from './stage.ts';

type Line = Readonly<Record<string, Json>>;

let written = '';
const write = (text: string): void => {
  written += text;
};
const log: Log = makeLog({ clock: realClock, town: 'test', write });
const lines = (): Line[] =>
  written
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);

let stage: Stage;
let landed: ConvoyDetail;
beforeAll(async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'gastown-observed-')), 'state');
  stage = await openStage({ dir, log });
  await stage.rig('green', { 'retry.same_agent': 1, 'retry.fresh': 1 });
  landed = await stage.play('green', task('hello', 'echo hello > hello.txt'));
  await stage.play('green', task('fails', 'exit 1'));
}, 120_000);
afterAll(async () => {
  await stage?.close();
  rmSync(join(stage.dir, '..'), { recursive: true, force: true, maxRetries: 3 });
});

/** The filter of the query, as Logs Insights evaluates it: `=`, `and`, `or`, `not ispresent()`, parentheses. */
function keeps(filter: string, line: Line): boolean {
  const tokens = filter.match(/"[^"]*"|ispresent\(\w+\)|[\w]+|[=()]/g) ?? [];
  const take = (): string => tokens.shift() ?? '';
  const either = (): boolean => {
    let left = both();
    while (tokens[0] === 'or' && take()) left = both() || left;
    return left;
  };
  const both = (): boolean => {
    let left = term();
    while (tokens[0] === 'and' && take()) left = term() && left;
    return left;
  };
  const term = (): boolean => {
    const token = take();
    if (token === 'not') return !term();
    if (token === '(') {
      const inner = either();
      take();
      return inner;
    }
    const present = /^ispresent\((\w+)\)$/.exec(token)?.[1];
    if (present !== undefined) return line[present] !== undefined;
    expect(take()).toBe('=');
    return line[token] === JSON.parse(take());
  };
  return either();
}

/** Who has to be heard of on the way of a bead, in order. */
const stages = {
  accepted: 'intent.submitted',
  planned: 'convoy.planned',
  admitted: 'bead.admitted',
  hooked: 'bead.hooked',
  claimed: 'bead.claimed',
  finished: 'attempt.completed',
  submitted: 'mr.submitted',
  tested: 'mr.tested',
  landed: 'mr.landed',
  closed: 'bead.closed',
} as const;

describe('one query follows a bead from its intent to its landing', () => {
  const subject = () => ({ convoy: landed.id, bead: landed.beads[0]?.id ?? '', since: 0 });

  test('in AWS, by the filter that gt why prints', () => {
    const { query = '' } = traceOf({ town: 'test' }, subject());
    const [, filter = ''] = /\| filter (.+?) \|/.exec(query) ?? [];
    const found = lines().filter((line) => keeps(filter, line));
    const order = found.map(({ message }) => message).filter((kind) => Object.values(stages).includes(kind as never));
    expect(order).toEqual(Object.values(stages));
    for (const line of found.filter(({ message }) =>
      /^(bead\.(hooked|claimed|closed)|attempt|mr)/.test(String(message)),
    ))
      expect(line).toMatchObject({ convoy: landed.id, bead: subject().bead, attempt: 1, rig: 'green' });
  });

  test('on a laptop, by the command that gt why prints', () => {
    const dir = mkdtempSync(join(tmpdir(), 'gastown-trace-'));
    const file = join(dir, 'town.log');
    writeFileSync(file, written);
    const { command } = traceOf({ file }, subject());
    const found = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim().split('\n');
    const kinds = found.map((text) => (JSON.parse(text) as Line).message);
    expect(kinds).toEqual(expect.arrayContaining(Object.values(stages)));
    rmSync(dir, { recursive: true });
  });

  test('and finds nothing of other convoys', () => {
    const { query = '' } = traceOf({ town: 'test' }, subject());
    const [, filter = ''] = /\| filter (.+?) \|/.exec(query) ?? [];
    const others = lines().filter((line) => line.convoy !== undefined && line.convoy !== landed.id);
    expect(others.length).toBeGreaterThan(5);
    expect(others.filter((line) => keeps(filter, line))).toEqual([]);
  });
});

/** What CloudWatch would make of the lines: names with the values of each. */
function published(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const line of lines()) {
    const directives = (
      line._aws as {
        CloudWatchMetrics?: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
      }
    )?.CloudWatchMetrics;
    for (const { Namespace, Dimensions, Metrics } of directives ?? []) {
      expect([Namespace, Dimensions, line.Town]).toEqual([metricsNamespace, [['Town']], 'test']);
      for (const { Name, Unit } of Metrics) {
        expect(Unit).toBe(metrics[Name as MetricName]);
        found.set(Name, [...(found.get(Name) ?? []), Number(line[Name])]);
      }
    }
  }
  return found;
}

describe('metrics', () => {
  /** An agent that costs money, on a host that is taken away. */
  async function hostLost(): Promise<void> {
    const clock = realClock;
    const stored = await openLedger({ clock });
    const deps = { ledger: telling(stored, log), clock, ids: realIds(clock), log };
    const now = clock.now();
    const was = beadOf(1, { run: 1, status: 'in_progress', attempt: 1, polecat: 'Nux', admittedAt: now });
    const rig = { name: 'greenhouse', settings: {} };
    const town = [
      create(was, was.body),
      create(keys.capacity(), { working: { greenhouse: 1 } }),
      create(keys.rig('greenhouse'), rig),
    ];
    await stored.commit({ id: 'town', changes: town });
    const outcome = { kind: 'failed', cause: 'infrastructure', detail: 'its host was taken away' } as const;
    await endAttemptOf(deps, idOf(1), 1, { outcome, costUsd: 1.5, agentMs: 0, who: 'witness' });
    await makeMolecule({ ...deps, triages: false })({ op: 'next', bead: idOf(1), run: 1, turn: 1 });
    await stored.close();
  }

  /** What a story on a stage does not come to: a polecat of each state, one that is late, effects and items that fail. */
  async function worstMinute(): Promise<void> {
    const clock = realClock;
    const now = clock.now();
    const ids = realIds(clock);
    const ledger = await openLedger({ clock });
    const beat = (at: number, state: string) => ({ bead: 'gr-aaaaaa-1', attempt: 1, at, state });
    const states = ['starting', 'working', 'checking', 'pushing', 'stuck'];
    const queue = { rig: 'green', target: 'main', progressAt: now };
    await ledger.commit({
      id: 'worst',
      changes: [
        ...states.flatMap((state) => [
          create(keys.polecatListing(state), { name: state }),
          create(keys.beat(state), beat(state === 'working' ? now - 2 * limits.heartbeatLateMs : now, state)),
        ]),
        create(keys.openEscalation('esc-1'), {}),
        create(keys.queue('green', 'main'), queue, { attentionAt: now }),
        create(keys.mergeRequest('green', 'main', '01A'), { submittedAt: now - 5000 }),
        create(keys.convoy('aaaaaa'), { nonsense: true, status: 'planning' }, { attentionAt: now }),
        create(
          keys.effect('old', 0),
          { effect: { do: 'wake', queue: 'ticks', group: 'scheduler/green' }, tries: limits.effectTriesMax },
          { attentionAt: now },
        ),
      ],
    });
    const broken = new Proxy({}, { get: () => () => Promise.reject(new Error('gone')) }) as never;
    const deps = { ledger, clock, ids, log, fleet: broken, workflows: broken };
    const performEffects = makeEffects({ ...deps, queues: broken, notifier: broken, launchGate: broken });
    await measuring(deps, makeWitness({ ...deps, performEffects }))({ kind: 'patrol' });
    await ledger.close();
  }

  test('each one that there is, is published by the real handlers, and none is ever zero', async () => {
    await hostLost();
    await worstMinute();
    const found = published();
    expect(Object.keys(metrics).filter((name) => !found.has(name))).toEqual([]);
    expect([...found].filter(([, values]) => values.some((value) => !(value > 0)))).toEqual([]);
    expect(found.get('ChangesLanded')).toEqual([1]);
    expect(found.get('AttemptsStarted')).toEqual([1, 1, 1, 1]);
    expect(found.get('ModelUsd')).toEqual([1.5]);
    expect(found.get('HeartbeatsLate')).toEqual([1]);
  });

  test('a town at rest publishes none', async () => {
    const before = written.length;
    const clock = realClock;
    const ledger = await openLedger({ clock });
    const none = undefined as never;
    const deps = { ledger, clock, ids: realIds(clock), log, fleet: none, workflows: none, performEffects: none };
    await measuring(deps, makeWitness(deps))({ kind: 'patrol' });
    await ledger.close();
    expect(written.slice(before)).toBe('');
  });
});
