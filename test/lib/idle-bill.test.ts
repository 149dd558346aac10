import { describe, expect, test } from '@jest/globals';
import { dollars } from '../../core/costs/prices.ts';
import { idleBill, idleUsd } from './idle-bill.ts';
import { type Resource, synthesize } from './town.ts';

/** What an idle town may cost in a month. */
const idleUsdMax = 3;

const [town] = await synthesize({ email: 'ops@example.com' });
const resources = town?.resources ?? [];
const bill = idleBill(resources);
const usdOf = (term: string): number => dollars(bill.find((line) => line.term === term)?.units ?? {});
const withOne = (Type: string, Properties: Resource['Properties'] = {}) => [
  ...resources,
  { id: 'New', Type, Properties },
];

describe('a deployed town in which nothing happens', () => {
  test(`costs under $${idleUsdMax} a month without any other free tier`, () => {
    const lines = bill.map(({ term, units }) => `${term}: $${dollars(units).toFixed(2)}`);
    expect(idleUsd(bill).paid < idleUsdMax ? [] : lines).toEqual([]);
  });

  test('costs under half of that in an account that uses its free tier for nothing else', () => {
    expect(idleUsd(bill).withFreeTier).toBeLessThan(idleUsdMax / 2);
  });

  test('has one dashboard, so that it fits among the three that are free', () => {
    expect(resources.filter(({ Type }) => Type === 'AWS::CloudWatch::Dashboard')).toHaveLength(1);
  });

  test('pays for its polling, its alarms and its patrols, which are all counted', () => {
    for (const term of ['polling of queues', 'alarms', 'patrols: function', 'patrols: reads']) {
      expect({ term, usd: usdOf(term) > 0 }).toEqual({ term, usd: true });
    }
  });
});

describe('the idle bill', () => {
  test.each([
    ['a type that nobody has priced', 'AWS::EC2::NatGateway', {}],
    ['an interface endpoint', 'AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface' }],
    ['provisioned capacity', 'AWS::DynamoDB::Table', { BillingMode: 'PROVISIONED' }],
    ['provisioned pollers', 'AWS::Lambda::EventSourceMapping', { ProvisionedPollerConfig: { MinimumPollers: 2 } }],
  ])('refuses %s with a sentence that names it', (_what, type, properties) => {
    expect(() => idleBill(withOne(type, properties))).toThrow(/^IDLE_PRICE_UNKNOWN: New \(AWS::/);
  });

  test('counts an alarm for each metric that its expression reads', () => {
    const stat = { MetricStat: {} };
    const more = idleBill(withOne('AWS::CloudWatch::Alarm', { Metrics: [{ Expression: 'a / b' }, stat, stat] }));
    const alarms = (terms: typeof bill) => terms.find(({ term }) => term === 'alarms')?.units.alarmMetricMonths ?? 0;
    expect(alarms(more)).toBe(alarms(bill) + 2);
  });

  test('counts every queue that a function polls, and FIFO ones at their own price', () => {
    const polled = (unit: 'sqsFifo' | 'sqsStandard') =>
      (bill.find(({ term }) => term === 'polling of queues')?.units[unit] ?? 0) / (15 * 60 * 730);
    expect([polled('sqsStandard'), polled('sqsFifo')]).toEqual([1, 2]);
  });
});
