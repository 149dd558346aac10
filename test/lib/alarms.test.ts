import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { isMetric, metricsNamespace } from '../../core/metrics.ts';
import { anchorOf, escalationRunbooks } from '../../core/runbooks.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { metricOf, type Series, stateOf } from './alarm-semantics.ts';
import { at, listAt, type Resource, synthesize, type Town, target } from './town.ts';

let town: Town;
beforeAll(async () => {
  [town] = (await synthesize({})) as [Town];
}, 120_000);

const alarms = (): readonly Resource[] => town.ofType('AWS::CloudWatch::Alarm');
const headingOf = ({ Properties }: Resource): string => String(at(Properties, 'AlarmName')).replace('gastown: ', '');

interface Feed {
  readonly fires: Series;
  readonly quiet: Series;
  /** What it says when nothing is published; the Witness alone may not be silent. */
  readonly silence?: 'ALARM';
}

const feed = (fires: Series, quiet: Series): Feed => ({ fires, quiet });
/** So many periods of one value. */
const flat = (periods: number, value?: number): Series => Array.from({ length: periods }, () => value);
const minutes = 60;

/** By heading. An alarm without a feed fails its test: nobody knows then that it can fire. */
const feeds: Readonly<Record<string, Feed>> = {
  'The API answers with 5xx': feed([5], [4]),
  'An execution of the molecule machine fails': feed([1], [0]),
  'An execution of the intent machine fails': feed([1], [0]),
  'The sling queue is not drained': feed(flat(2, 16 * minutes), [16 * minutes, 0]),
  'The ticks queue is not drained': feed(flat(2, 11 * minutes), [11 * minutes, 60]),
  'The refinery queue is not drained': feed(flat(2, 16 * minutes), flat(2, 15 * minutes)),
  'Dead letters in the standard queue': feed([1], [0]),
  'Dead letters in the FIFO queue': feed([1], [0]),
  'The stream is behind': feed(flat(5, 121_000), [121_000, 121_000, 121_000, 121_000, 100]),
  'The town cannot do what it decided': feed([1], [0]),
  'The same work fails again and again': feed([...flat(4), 1, 1], [...flat(5), 9]),
  /** Failed every minute, or did not run: one good patrol in five minutes is enough. */
  'The Witness is silent': {
    ...feed([1, 1, undefined, undefined, 1], [1, undefined, 0, 1, undefined]),
    silence: 'ALARM',
  },
};

describe('every alarm', () => {
  test('has a feed here, and no feed is for an alarm that is gone', () => {
    expect(alarms().map(headingOf).sort()).toEqual(Object.keys(feeds).sort());
  });

  test('fires when it must, rests when it must not, and says what silence means', () => {
    for (const alarm of alarms()) {
      const heading = headingOf(alarm);
      const { fires, quiet, silence = 'OK' } = feeds[heading] ?? feed([], []);
      expect([heading, stateOf(alarm, fires)]).toEqual([heading, 'ALARM']);
      expect([heading, stateOf(alarm, quiet)]).toEqual([heading, 'OK']);
      expect([heading, stateOf(alarm, flat(60))]).toEqual([heading, silence]);
    }
  });

  test('tells someone when it starts and when it ends', () => {
    for (const { id, Properties } of alarms()) {
      for (const actions of ['AlarmActions', 'OKActions']) {
        const told = listAt(Properties, actions).map(
          (action) => town.resources.find((resource) => resource.id === target(action))?.Type,
        );
        expect([id, actions, told]).toEqual([id, actions, ['AWS::SNS::Topic']]);
      }
    }
  });

  test('says what if nobody acts, where to start, and which heading of a runbook helps', () => {
    for (const alarm of alarms()) {
      const text = String(at(alarm.Properties, 'AlarmDescription'));
      const [first, unattended, command, place] = text.split('\n');
      expect(first).toBe(`${headingOf(alarm)}.`);
      expect(unattended).toMatch(/^If nobody acts: .+\.$/);
      expect(command).toMatch(/^Start with: (gt|aws) \S.*$/);
      const [, file = '', anchor] = /^What to do: (docs\/runbooks\/[a-z]+\.md)#(.+)$/.exec(place ?? '') ?? [];
      expect(anchor).toBe(anchorOf(headingOf(alarm)));
      expect(sectionsOf(file)).toContain(headingOf(alarm));
    }
  });

  test('reads a metric that someone publishes: AWS about a resource of this stack, or the town itself', () => {
    for (const alarm of alarms()) {
      const { namespace, name } = metricOf(alarm);
      const own = namespace === metricsNamespace;
      expect([name, own ? isMetric(name) : /^AWS\//.test(namespace)]).toEqual([name, true]);
      if (!own) expect(JSON.stringify(at(alarm.Properties, 'Dimensions'))).toMatch(/"(Ref|Fn::GetAtt)"/);
    }
  });
});

test('every queue is watched: by its age, or by not being empty', () => {
  const watched = JSON.stringify(alarms().map(({ Properties }) => Properties));
  expect(town.ofType('AWS::SQS::Queue').filter(({ id }) => !watched.includes(`"${id}"`))).toEqual([]);
});

test('the alarms cost at most $1.20 a month: twelve, of one metric each', () => {
  expect(alarms().map(metricOf).length).toBeLessThanOrEqual(12);
});

const sectionsOf = (file: string): string[] =>
  [...readFileSync(path.join(projectRoot, file), 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '');

describe('a runbook', () => {
  const places = [
    ...Object.values(escalationRunbooks),
    ...Object.keys(feeds).flatMap((heading) => {
      const [runbook] = [
        'api',
        'convoys',
        'intents',
        'molecules',
        'platform',
        'polecats',
        'refinery',
        'scheduler',
        'witness',
      ].filter((name) => sectionsOf(`docs/runbooks/${name}.md`).includes(heading));
      return [{ runbook: runbook ?? 'none', heading }];
    }),
  ];
  test.each([...new Set(places.map(({ runbook, heading }) => `${runbook}: ${heading}`))])(
    '%s: has symptom, causes, commands and how it ends',
    (place) => {
      const [runbook, heading] = place.split(': ');
      const text = readFileSync(path.join(projectRoot, `docs/runbooks/${runbook}.md`), 'utf8');
      const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
      const parts = [...section.matchAll(/^\*\*(.+)\.\*\*/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Symptom', 'Likely causes', 'Commands', 'How it ends']);
    },
  );
});

describe('the dashboard', () => {
  interface Widget {
    readonly type: string;
    readonly y: number;
    readonly properties: {
      readonly markdown?: string;
      readonly title?: string;
      readonly alarms?: readonly string[];
      readonly metrics?: readonly (readonly (string | object)[])[];
      readonly yAxis?: { readonly left?: { readonly label?: string } };
    };
  }

  const widgets = (): Widget[] => {
    const [board] = town.ofType('AWS::CloudWatch::Dashboard');
    const parts = listAt(board?.Properties, 'DashboardBody', 'Fn::Join')[1] as readonly unknown[];
    const text = parts.map((part) => (typeof part === 'string' ? part : 'X')).join('');
    return (JSON.parse(text) as { widgets: Widget[] }).widgets;
  };

  test('answers four questions, top to bottom', () => {
    const asked = widgets()
      .filter(({ type }) => type === 'text')
      .sort((a, b) => a.y - b.y);
    expect(asked.map(({ properties }) => properties.markdown)).toEqual([
      '## Is it healthy?',
      '## What is it doing?',
      '## Where is it stuck?',
      '## What does it cost?',
    ]);
  });

  test('shows the state of every alarm', () => {
    const shown = widgets().filter(({ type }) => type === 'alarm');
    expect(shown.map(({ properties }) => properties.alarms?.length)).toEqual([alarms().length]);
  });

  test('says the unit of each graph', () => {
    const graphs = widgets().filter(({ type }) => type === 'metric');
    expect(graphs.filter(({ properties }) => !properties.yAxis?.left?.label)).toEqual([]);
    expect(graphs.map(({ properties }) => properties.title)).toEqual(
      expect.arrayContaining([
        'Merges',
        'Polecats by state',
        'Oldest message',
        'Heartbeats late',
        'Retries by rung',
        'Models',
        'Fargate',
        'Dead letters',
        'Throttles',
        'Gate runs for a landed change',
      ]),
    );
  });

  test('stays within the fifty metrics that a free dashboard has, and shows none of the town that there is not', () => {
    const shown = widgets().flatMap(({ properties }) => properties.metrics ?? []);
    const metrics = shown.filter(([first]) => typeof first === 'string');
    expect(metrics.length).toBeLessThanOrEqual(50);
    const own = metrics.filter(([namespace]) => namespace === metricsNamespace).map(([, name]) => String(name));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((name) => !isMetric(name))).toEqual([]);
  });
});
