/** What a model's reply is: a plan, or everything that is wrong with it, and what to say to the model about that. */
import type { Plan } from '../../convoys/plan.ts';
import type { Fault } from '../../errors.ts';
import type { Json, ModelReply, ModelRequest } from '../../ports.ts';
import { mendPlanPrompt } from '../prompts/plan-intent.ts';
import { type DraftTown, planOfDraft } from './plan-of-draft.ts';
import { submitPlanTool } from './submit-plan.ts';

type Message = ModelRequest['messages'][number];

export type Judged =
  | { readonly plan: Plan }
  | {
      readonly faults: readonly Fault[];
      /** What was handed in, if anything was. */
      readonly draft?: Json;
      /** To be sent in the next round, after all that was sent in this one. */
      readonly messages: readonly Message[];
    };

interface ToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

export function judgeReply({ content, stop }: ModelReply, town: DraftTown): Judged {
  const blocks = Array.isArray(content) ? (content as readonly Json[]) : [];
  const uses = blocks.flatMap(toolUseOf);
  const unusable = unusableReply(uses, stop, blocks.length);
  if (unusable) return again([unusable], uses, content);
  const input = jsonOf(uses[0]?.input ?? null);
  const result = planOfDraft(input, town);
  return 'plan' in result ? result : { ...again(result.faults, uses, content), draft: input };
}

function toolUseOf(block: Json): ToolUse[] {
  const { type, id, name, input = null } = (block ?? {}) as Readonly<Record<string, Json>>;
  return type === 'tool_use' && typeof id === 'string' && typeof name === 'string' ? [{ id, name, input }] : [];
}

const fault = (code: string, what: string, remedy: string): Fault => ({ code, what, remedy });
const callIt = `Call ${submitPlanTool.name} once, with the whole plan.`;

/** Why there is no plan to look at. A call that was cut off is not looked at: its end is missing. */
function unusableReply(uses: readonly ToolUse[], stop: ModelReply['stop'], blocks: number): Fault | undefined {
  if (stop === 'refusal') return fault('MODEL_REFUSED', 'The model refused to plan this.', callIt);
  if (stop === 'length')
    return fault('PLAN_CUT_OFF', 'The answer was too long, and was cut off.', 'Plan fewer or shorter beads.');
  if (blocks === 0) return fault('ANSWER_EMPTY', 'The answer was empty.', callIt);
  if (uses.length === 0) return fault('TOOL_NOT_CALLED', 'The answer was prose, without a plan.', callIt);
  if (uses.length > 1) return fault('TOOL_TWICE', `There were ${uses.length} calls in one answer.`, callIt);
  const [{ name }] = uses as [ToolUse];
  if (name === submitPlanTool.name) return undefined;
  return fault('TOOL_UNKNOWN', `There is no tool ${JSON.stringify(name.slice(0, 60))}.`, callIt);
}

/** Some models hand the input in as JSON in a string. What is no JSON stays what it is, and is refused by its shape. */
function jsonOf(input: Json): Json {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input) as Json;
  } catch {
    return input;
  }
}

const shownFaults = 30;

/** Each call is answered, as the API demands; turns alternate, and none is empty, as it demands too. */
function again(
  faults: readonly Fault[],
  uses: readonly ToolUse[],
  content: Json,
): Extract<Judged, { faults: unknown }> {
  const lines = faults.slice(0, shownFaults).map(({ what, remedy, at }) => `${at ? `${at}: ` : ''}${what} ${remedy}`);
  const more = faults.length > shownFaults ? [`and ${faults.length - shownFaults} more`] : [];
  const text = mendPlanPrompt([...lines, ...more]);
  const answer: Json =
    uses.length === 0
      ? text
      : uses.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: text, is_error: true }));
  return {
    faults,
    messages: [
      { role: 'assistant', content: saidIn(content) },
      { role: 'user', content: answer },
    ],
  };
}

function saidIn(content: Json): Json {
  const said = (Array.isArray(content) ? (content as readonly { text?: string }[]) : []).filter(
    ({ text }) => text !== '',
  );
  return said.length > 0 ? said : [{ type: 'text', text: '(no answer)' }];
}
