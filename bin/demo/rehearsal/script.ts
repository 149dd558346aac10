/**
 * Which turn answers which request. It keeps no count: the tools tell who asks, the prompt tells the bead and the attempt, and
 * the length of the conversation how far it is. So agents may ask at once, again, and after a crash.
 */
import { submitPlanTool } from '../../../core/intents/mayor-plan/submit-plan.ts';
import type { SeenRequest, Turn } from './messages-server.ts';
import { plan } from './plan.ts';
import { scenes } from './scenes.ts';

type Asked = SeenRequest['body'];

/** An agent also asks for titles and the like, without tools. */
const aside: Turn = { text: 'ok', usage: { input_tokens: 10, output_tokens: 1 } };
const thePlan: Turn = { tools: [{ name: submitPlanTool.name, input: plan }] };

export const isOfMayor = ({ tools = [] }: Asked): boolean =>
  (tools as readonly { readonly name?: string }[]).some(({ name }) => name === submitPlanTool.name);

export function turnOf(asked: Asked): Turn {
  if ((asked.tools ?? []).length === 0) return aside;
  if (isOfMayor(asked)) return thePlan;
  const scene = sceneOf(asked);
  const said = asked.messages.filter(({ role }) => role === 'assistant').length;
  return scene?.[Math.min(said, scene.length - 1)] ?? unscripted;
}

/** As the prompt of a bead begins. */
const prompt = /^# (.+)\n\nYou are .+, working on bead \S+ \(attempt (\d+)\)/m;

function sceneOf({ messages }: Asked): readonly Turn[] | undefined {
  const [, title, attempt] = messages.map(({ content }) => prompt.exec(textOf(content))).find(Boolean) ?? [];
  const bead = plan.beads.find((one) => one.title === title);
  return bead && scenes[bead.name]?.[Number(attempt) - 1];
}

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : (content as readonly { readonly text?: string }[]).map(({ text = '' }) => text).join('\n');

const unscripted: Turn = {
  error: {
    status: 400,
    body: {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'REHEARSAL_UNSCRIPTED: the script has no turn for this.' },
    },
  },
};
