/** The Mayor's model: it takes its time, decides one thing or another, says the same again, talks nonsense, or is away; now and then for good. */
import { sumUsd } from '../../../core/costs/rounded.ts';
import { AnswerLost, Unavailable } from '../../../core/errors.ts';
import type { Json, Model, ModelReply, ModelRequest } from '../../../core/ports.ts';
import { Actor } from '../kernel/actor.ts';
import type { Random } from '../kernel/random.ts';
import type { Stage } from '../kernel/stage.ts';

const answerWithinMs = 4 * 60_000;

const answers = [
  ['rewrite', 'rewrite', 'rewrite', 'split', 'split', 'split', 'split', 'ask', 'give_up'],
  ['prose', 'refusal', 'other_tool', 'name_taken', 'more_money', 'unavailable', 'lost'],
] as const;
type Answer = (typeof answers)[number][number];

export interface SimModel extends Model {
  /** What its answers cost, whoever heard them. */
  readonly spentUsd: number;
}

export function makeModel({ scheduler, random: streamOf, tell }: Stage): SimModel {
  const random = streamOf('model');
  const isAway = random.chance(0.1);
  /** Dear enough, now and then, that a day has no room for many. */
  const mostUsd = random.chance(0.25) ? 6 : 0.5;
  let calls = 0;
  let spentUsd = 0;
  return {
    get spentUsd() {
      return spentUsd;
    },
    mostUsd: () => mostUsd,
    async complete(request) {
      calls += 1;
      const self = new Actor(`model#${calls}`);
      const answer = isAway ? 'unavailable' : random.pick(answers[random.chance(0.75) ? 0 : 1]);
      const name = nameIn(request);
      const reply = replyOf(answer, name, random, random.between(1, 100 * mostUsd) / 100);
      await scheduler.sleep(self, random.between(1000, answerWithinMs));
      tell(self.name, `about ${name}: ${answer.replaceAll('_', ' ')}`);
      if (answer === 'unavailable') throw new Unavailable('the model is away');
      spentUsd = sumUsd([spentUsd, reply.costUsd]);
      if (answer === 'lost') throw new AnswerLost('the answer came too late');
      return reply;
    },
  };
}

/** Of the bead that it is asked about, as the overseer called it; a part has another title. */
function nameIn({ messages }: ModelRequest): string {
  const title = /<data \w+ bead>\ntitle: (.+)/.exec(String(messages[0]?.content))?.[1] ?? 'nothing';
  return title.split(' ').at(-1) ?? title;
}

const check = { kind: 'command', text: 'npm test' };

function replyOf(answer: Answer, name: string, random: Random, costUsd: number): ModelReply {
  const usage = { inputTokens: 100, outputTokens: 10, costUsd };
  const call = (input: object, tool = 'submit_triage'): ModelReply => ({
    content: [{ type: 'tool_use', id: 't', name: tool, input: input as Json }],
    stop: 'tool',
    ...usage,
  });
  const why = `${name} asked for too much`;
  // So few that it says the same again.
  const text = {
    instructions: `Take care of ${name}, in ${random.between(1, 3)} steps.`,
    acceptance: [check],
    files: [`src/${name}`],
  };
  const parts = (count: number) => Array.from({ length: count }, () => partOf(`${name}-p${random.between(1, 999)}`));
  switch (answer) {
    case 'rewrite':
      return call({ decision: 'rewrite', why, ...text });
    case 'split':
      return call({ decision: 'split', why, ...text, parts: chained(parts(random.between(1, 3)), random) });
    case 'ask':
      return call({ decision: 'ask', why, question: `Which of the ${random.between(2, 4)}?` });
    case 'give_up':
      return call({ decision: 'give_up', why });
    case 'name_taken':
      return call({ decision: 'split', why, ...text, parts: [partOf(name)] });
    case 'more_money':
      return call({ decision: 'rewrite', why, ...text, budgetUsd: 1000 });
    case 'other_tool':
      return call({ command: 'true' }, 'bash');
    case 'refusal':
      return { content: [{ type: 'text', text: 'No.' }], stop: 'refusal', ...usage };
    case 'prose':
    case 'lost':
    case 'unavailable':
      return { content: [{ type: 'text', text: 'I would split it.' }], stop: 'end', ...usage };
  }
}

interface Part {
  readonly name: string;
  readonly needs?: readonly object[];
}

/** Its title says that it is no bead of the scenario: its polecats are good. */
const partOf = (name: string) => ({
  name,
  title: `Part ${name}`,
  instructions: `Take care of ${name} alone.`,
  acceptance: [check],
  files: [`other/${name}`],
});

const chained = (parts: readonly Part[], random: Random): Part[] =>
  parts.map((part, i) => {
    const before = parts[i - 1];
    const waits = before !== undefined && random.chance(0.5);
    return waits ? { ...part, needs: [{ bead: before.name, because: 'it comes first' }] } : part;
  });
