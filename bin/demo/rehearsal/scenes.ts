/**
 * What the scripted model says to an agent: for each bead a scene an attempt, a turn an answer, of which the last repeats. The
 * first attempt at the rule forgets half of what was asked and runs no test: the gate finds it, and the second mends it.
 */
import type { Turn } from './messages-server.ts';

const say = (text: string, ...tools: NonNullable<Turn['tools']>): Turn => ({ text, tools });
const read = (path: string) => ({ name: 'Read', input: { file_path: path } });
const write = (path: string, content: string) => ({ name: 'Write', input: { file_path: path, content } });
const edit = (path: string, old: string, next: string) => ({
  name: 'Edit',
  input: { file_path: path, old_string: old, new_string: next },
});
const bash = (command: string) => ({ name: 'Bash', input: { command, description: command } });
const done: Turn = { text: 'Done.' };

/** The rule's place and its test: the same in both attempts, which start from the same main. */
const usedAndTested = [
  edit('src/rules/index.js', 'import { warmth }', "import { shade } from './shade.js';\nimport { warmth }"),
  edit('src/rules/index.js', 'watering];', 'watering, shade];'),
  write(
    'test/shade.test.js',
    `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shade } from '../src/rules/shade.js';

const seen = (insideC, light) => ({ reading: { insideC, light }, target: { targetC: 20 } });

test('bright light in a warm house draws the cloth', () => {
  assert.equal(shade.decide(seen(24, 0.9)).cloth, 1);
  assert.equal(shade.decide(seen(24, 0.1)).cloth, 0);
});

test('a cool morning keeps its sun', () => {
  assert.equal(shade.decide(seen(18, 0.9)).cloth, 0);
});
`,
  ),
];

/** By the name of the bead. */
export const scenes: Readonly<Record<string, readonly (readonly Turn[])[]>> = {
  'hot-day': [
    [
      say(
        'I look at how a day is written here.',
        read('AGENTS.md'),
        read('src/days/index.js'),
        read('src/days/spring.js'),
      ),
      say(
        'A day is a file and a line in the index.',
        write(
          'src/days/heat.js',
          `import { minutesPerDay } from '../units.js';

/** 0 at night, 1 at noon, and strong in between. */
const sun = (minute) => Math.max(0, -Math.cos((2 * Math.PI * minute) / minutesPerDay)) ** 0.5;

/** A day in a hot July, from midnight to midnight. */
export const heat = {
  from: 0,
  minutes: minutesPerDay,
  air: { insideC: 20, soilPct: 50 },
  weather: (minute) => ({ outsideC: 20 + 12 * sun(minute - 90), light: sun(minute) }),
};
`,
        ),
        edit('src/days/index.js', 'import { spring }', "import { heat } from './heat.js';\nimport { spring }"),
        edit('src/days/index.js', '{ spring };', '{ spring, heat };'),
        write(
          'test/heat.test.js',
          `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { days } from '../src/days/index.js';
import { freshAir } from '../src/rules/fresh-air.js';
import { simulate } from '../src/simulate.js';

test('open vents alone do not keep the hot day below 33 degrees', () => {
  const { samples } = simulate({ day: days.heat, rules: [freshAir] });
  assert.ok(Math.max(...samples.map(({ insideC }) => insideC)) > 33);
});
`,
        ),
      ),
      say('The tests decide.', bash('npm test && gt done --note "npm start heat runs a hot day"')),
      done,
    ],
  ],
  cloth: [
    [
      say('A device has a speed, and does something to the air.', read('src/actuators.js'), read('src/climate.js')),
      say(
        'Both learn of it.',
        edit('src/actuators.js', 'sprinkler: 0 };', 'sprinkler: 0, cloth: 0 };'),
        edit('src/actuators.js', 'sprinkler: 1 };', 'sprinkler: 1, cloth: 0.25 };'),
        edit(
          'src/climate.js',
          'const sunCPerMinute = 0.11;',
          'const sunCPerMinute = 0.11;\n/** A drawn cloth keeps so much of the sun out. */\nconst keptOutByCloth = 0.7;',
        ),
        edit(
          'src/climate.js',
          'const won = sunCPerMinute * weather.light +',
          'const sun = weather.light * (1 - keptOutByCloth * devices.cloth);\n  const won = sunCPerMinute * sun +',
        ),
        write(
          'test/cloth.test.js',
          `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atRest, drive } from '../src/actuators.js';
import { breathe } from '../src/climate.js';

test('a drawn cloth keeps seven tenths of the sun out', () => {
  const air = { insideC: 20, soilPct: 50 };
  const won = (cloth) => breathe(air, { outsideC: 20, light: 1 }, { ...atRest, cloth }).insideC - 20;
  assert.ok(Math.abs(won(1) - 0.3 * won(0)) < 1e-9);
});

test('its motor takes four minutes', () => {
  let devices = atRest;
  for (let minute = 0; minute < 3; minute += 1) devices = drive(devices, { cloth: 1 });
  assert.equal(devices.cloth, 0.75);
  assert.equal(drive(devices, { cloth: 1 }).cloth, 1);
});
`,
        ),
      ),
      say('The tests decide.', bash('npm test && gt done')),
      done,
    ],
  ],
  'shade-rule': [
    [
      say('Rules are pure, and their order is in the index.', read('src/rules/index.js')),
      say(
        'Bright light draws it.',
        write(
          'src/rules/shade.js',
          `/** Glass heats faster than vents can cool: draw the cloth in bright light. */
const brightLight = 0.4;

export const shade = {
  name: 'shade',
  decide: ({ reading }) => ({ cloth: reading.light > brightLight ? 1 : 0 }),
};
`,
        ),
        ...usedAndTested,
      ),
      say('That is it.', bash('gt done --note "drawn in bright light"')),
      done,
    ],
    [
      say(
        'A cool morning lost its sun, says the gate: the rule has to look at the target.',
        read('src/rules/index.js'),
      ),
      say(
        'Bright and warm.',
        write(
          'src/rules/shade.js',
          `/** Glass heats faster than vents can cool: draw the cloth in bright light, but leave a cool morning its sun. */
const brightLight = 0.4;
const warmAboveC = 1;

export const shade = {
  name: 'shade',
  decide({ reading, target }) {
    const bright = reading.light > brightLight;
    const warm = reading.insideC > target.targetC + warmAboveC;
    return { cloth: bright && warm ? 1 : 0 };
  },
};
`,
        ),
        ...usedAndTested,
      ),
      say(
        'This time the tests decide before I say so.',
        bash('npm test && gt done --note "drawn where it is bright and warm"'),
      ),
      done,
    ],
  ],
  basil: [
    [
      say('The README lists what can be run.', read('README.md')),
      say(
        'A test of the whole day, and a line for those who want to see it.',
        write(
          'test/basil.test.js',
          `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { days } from '../src/days/index.js';
import { rules } from '../src/rules/index.js';
import { simulate } from '../src/simulate.js';

test('through the hot day it is never above 33 degrees, and the basil lives', () => {
  const { samples } = simulate({ day: days.heat, rules });
  const hottest = Math.max(...samples.map(({ insideC }) => insideC));
  assert.ok(hottest <= 33, \`hottest \${hottest}\`);
});
`,
        ),
        edit(
          'README.md',
          'against a small model of the air\n',
          'against a small model of the air\n    npm start heat     the same in July, with the cloth drawn in time\n',
        ),
      ),
      say('The tests decide.', bash('npm test && gt done')),
      done,
    ],
  ],
};
