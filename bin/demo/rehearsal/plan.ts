/** The plan that the scripted model hands in for examples/hot-day.md. */
import type { Draft } from '../../../core/intents/mayor-plan/draft.ts';

const testsPass = { kind: 'command', text: 'npm test' } as const;

export const plan: Draft = {
  title: 'Bring the greenhouse through a hot day',
  beads: [
    {
      name: 'hot-day',
      title: 'Add a hot day to try things on',
      instructions:
        'Add a day in July to src/days, as spring is there: 20 °C at night, 32 °C after noon, strong sun. Name it heat, so that `npm start heat` runs it.',
      acceptance: [
        testsPass,
        { kind: 'fact', text: 'a test shows that without new rules the hot day passes 33 °C inside' },
      ],
      files: ['src/days/heat.js', 'src/days/index.js', 'test/heat.test.js'],
    },
    {
      name: 'cloth',
      title: 'Give the greenhouse a shade cloth',
      instructions:
        'Add the device `cloth`: at rest it is open, it takes four minutes, and drawn it keeps seven tenths of the sun out of the air under glass. No rule uses it yet.',
      acceptance: [
        testsPass,
        { kind: 'fact', text: 'a test shows that a drawn cloth keeps seven tenths of the sun out' },
      ],
      files: ['src/actuators.js', 'src/climate.js', 'test/cloth.test.js'],
    },
    {
      name: 'shade-rule',
      title: 'Draw the cloth before the heat is there',
      instructions:
        'Add the rule `shade`: it draws the cloth in bright light, if it is warmer inside than the target by a degree, and leaves the plants the sun of a cool morning. Let the controller use it.',
      acceptance: [testsPass, { kind: 'fact', text: 'a test shows that a cool morning keeps its sun' }],
      files: ['src/rules/shade.js', 'src/rules/index.js', 'test/shade.test.js'],
      needs: [{ bead: 'cloth', because: 'the rule wishes for a device that has to be there' }],
    },
    {
      name: 'basil',
      title: 'Show that the basil lives through the hot day',
      instructions:
        'Test the whole day with all rules: the air inside never passes 33 °C. Put the new day into the README.',
      acceptance: [testsPass, { kind: 'fact', text: 'the README names `npm start heat`' }],
      files: ['test/basil.test.js', 'README.md'],
      needs: [
        { bead: 'hot-day', because: 'it is the day that is tested' },
        { bead: 'shade-rule', because: 'without it the day is too hot' },
      ],
    },
  ],
};
