/** A request of the Messages API, as far as its price depends on it. */
import { utf8Bytes } from './item-units.ts';

export interface PricedRequest {
  readonly model: string;
  readonly maxTokens: number;
  readonly stream: boolean;
  /** No prompt has more tokens than this; infinite where its bytes do not tell. */
  readonly promptTokensMax: number;
}

export type ReadRequest =
  | { readonly ok: true; readonly request: PricedRequest; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: string };

/** What the API writes into a prompt by itself: for tools at all, and for each whose name it knows. */
export const hiddenTokens = 1000;
const hiddenToolTokens = 1000;
/** An image is scaled down to at most so many tokens, however few bytes it has. */
const imageTokensMax = 5000;
/** Tools that the agent runs, though the API knows their names. Any other type runs at the API, and costs what no usage foretells. */
const clientTool = /^(custom|bash_|text_editor_|computer_|memory_|str_replace_)/;

/** Edits that only leave something out. One that sums up is a call of its own, whose tokens the usage of this one does not tell. */
const clearingEdit = /^clear_/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Refuses what cannot be metered before it is spent, and says which. A token has at least one byte. */
export function readRequest(text: string): ReadRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { ok: false, fault: 'the request is not JSON' };
  }
  if (!isRecord(body)) return { ok: false, fault: 'the request is not a JSON object' };
  const { model, max_tokens: maxTokens, stream } = body;
  if (typeof model !== 'string' || model === '' || model.length > 300)
    return { ok: false, fault: 'model: a name is missing' };
  if (typeof maxTokens !== 'number' || !Number.isSafeInteger(maxTokens) || maxTokens < 1)
    return { ok: false, fault: 'max_tokens: a whole number above 0 is missing' };
  const unmetered = unmeteredPart(body);
  if (unmetered)
    return {
      ok: false,
      fault: `${unmetered} is not metered by the town, so that no budget could hold it; leave it out`,
    };
  // Of what will be sent, not of what came: the same value can be spelt shorter.
  const promptTokensMax = utf8Bytes(JSON.stringify(body)) + hiddenTokens + toolTokens(body.tools) + mediaTokens(body);
  return { ok: true, request: { model, maxTokens, stream: stream === true, promptTokensMax }, body };
}

function unmeteredPart(body: Readonly<Record<string, unknown>>): string | undefined {
  if (body.speed !== undefined && body.speed !== 'standard') return 'speed';
  if (body.inference_geo !== undefined) return 'inference_geo';
  if (Array.isArray(body.mcp_servers) && body.mcp_servers.length > 0) return 'mcp_servers';
  if (body.container !== undefined && body.container !== null) return 'container';
  const edit = listOf(isRecord(body.context_management) ? body.context_management.edits : []).find(
    (one) => !(isRecord(one) && typeof one.type === 'string' && clearingEdit.test(one.type)),
  );
  if (edit !== undefined) return `the context edit ${isRecord(edit) ? String(edit.type) : ''}`;
  const tools = listOf(body.tools);
  const remote = tools.find((tool) => isRecord(tool) && typeof tool.type === 'string' && !clientTool.test(tool.type));
  return isRecord(remote) ? `the tool ${String(remote.type)}` : undefined;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const toolTokens = (tools: unknown): number =>
  hiddenToolTokens *
  listOf(tools).filter((tool) => isRecord(tool) && tool.type !== undefined && tool.type !== 'custom').length;

/** Tokens that the bytes of a prompt do not show, wherever they stand in it: of images, and of documents or links, whose pages nobody has counted. */
function mediaTokens(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + mediaTokens(one), 0);
  if (!isRecord(value)) return 0;
  const inside = Object.values(value).reduce((sum: number, one) => sum + mediaTokens(one), 0);
  if (!isRecord(value.source) || (value.type !== 'image' && value.type !== 'document')) return inside;
  const { type } = value.source;
  if (type === 'url' || type === 'file' || (type === 'base64' && value.type === 'document'))
    return Number.POSITIVE_INFINITY;
  return type === 'base64' ? inside + imageTokensMax : inside;
}
