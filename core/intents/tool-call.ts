/** What the Mayor's model said: the one call of its one tool, or why there is none; and how it is told what was wrong. */
import type { Fault } from '../errors.ts';
import type { Json, ModelReply, ModelRequest } from '../ports.ts';

export type Message = ModelRequest['messages'][number];

/** What the tool is, in words of the faults. */
export interface OneTool {
  readonly name: string;
  /** What it does when it calls it: `plan`. */
  readonly verb: string;
  /** What is to be handed in, whole: `plan`. */
  readonly noun: string;
  /** Of an answer that was cut off. */
  readonly cutOff: Pick<Fault, 'code' | 'remedy'>;
}

interface ToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

export type Called = { readonly input: Json } | { readonly fault: Fault };

const blocksOf = (content: Json): readonly Json[] => (Array.isArray(content) ? (content as readonly Json[]) : []);
const usesOf = (content: Json): ToolUse[] => blocksOf(content).flatMap(toolUseOf);

export function callIn({ content, stop }: ModelReply, tool: OneTool): Called {
  const uses = usesOf(content);
  const fault = unusableReply(uses, stop, blocksOf(content).length, tool);
  return fault ? { fault } : { input: jsonOf(uses[0]?.input ?? null) };
}

function toolUseOf(block: Json): ToolUse[] {
  const { type, id, name, input = null } = (block ?? {}) as Readonly<Record<string, Json>>;
  return type === 'tool_use' && typeof id === 'string' && typeof name === 'string' ? [{ id, name, input }] : [];
}

const faultOf = (code: string, what: string, remedy: string): Fault => ({ code, what, remedy });

/** Why there is nothing to look at. A call that was cut off is not looked at: its end is missing. */
function unusableReply(
  uses: readonly ToolUse[],
  stop: ModelReply['stop'],
  blocks: number,
  tool: OneTool,
): Fault | undefined {
  const callIt = `Call ${tool.name} once, with the whole ${tool.noun}.`;
  if (stop === 'refusal') return faultOf('MODEL_REFUSED', `The model refused to ${tool.verb} this.`, callIt);
  if (stop === 'length')
    return faultOf(tool.cutOff.code, 'The answer was too long, and was cut off.', tool.cutOff.remedy);
  if (blocks === 0) return faultOf('ANSWER_EMPTY', 'The answer was empty.', callIt);
  if (uses.length === 0) return faultOf('TOOL_NOT_CALLED', `The answer was prose, without a ${tool.noun}.`, callIt);
  if (uses.length > 1) return faultOf('TOOL_TWICE', `There were ${uses.length} calls in one answer.`, callIt);
  const [{ name }] = uses as [ToolUse];
  if (name === tool.name) return undefined;
  return faultOf('TOOL_UNKNOWN', `There is no tool ${JSON.stringify(name.slice(0, 60))}.`, callIt);
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

/**
 * To be sent in the next round, after all that was sent in this one. Each call is answered, as the API demands; turns
 * alternate, and none is empty, as it demands too. `mend`: what to say of these faults.
 */
export function answerTo(
  { content }: ModelReply,
  faults: readonly Fault[],
  mend: (lines: readonly string[]) => string,
): readonly Message[] {
  const uses = usesOf(content);
  const lines = faults.slice(0, shownFaults).map(({ what, remedy, at }) => `${at ? `${at}: ` : ''}${what} ${remedy}`);
  const more = faults.length > shownFaults ? [`and ${faults.length - shownFaults} more`] : [];
  const text = mend([...lines, ...more]);
  const answer: Json =
    uses.length === 0
      ? text
      : uses.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: text, is_error: true }));
  return [
    { role: 'assistant', content: saidIn(content) },
    { role: 'user', content: answer },
  ];
}

function saidIn(content: Json): Json {
  const said = blocksOf(content).filter((block) => (block as { text?: string } | null)?.text !== '');
  return said.length > 0 ? said : [{ type: 'text', text: '(no answer)' }];
}
