/**
 * A server that speaks the Messages API and says what somebody scripted, a turn a call, with the usage that it bills. It is
 * no model: its script tells what to answer, or it goes through its turns in their order.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Usage } from '../../../core/costs/model-usage.ts';

export interface Turn {
  /** Thinks before it writes, and shows nothing of it. */
  readonly thinks?: true;
  readonly text?: string;
  readonly tools?: readonly { readonly name: string; readonly input: object }[];
  readonly usage?: Usage;
  readonly stopReason?: string;
  /** Instead of an answer. */
  readonly error?: {
    readonly status: number;
    readonly body: object;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** The stream ends without its end after this many events. */
  readonly dropAfter?: number;
  /** It begins, and goes on when this is fulfilled. */
  readonly until?: Promise<void>;
  /** No header is sent before this is fulfilled. */
  readonly silentUntil?: Promise<void>;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: {
    readonly model: string;
    readonly stream?: boolean;
    readonly max_tokens?: number;
    readonly tools?: readonly unknown[];
    readonly messages: readonly { readonly role: string; readonly content: unknown }[];
    readonly [field: string]: unknown;
  };
}

const defaultUsage: Usage = { input_tokens: 1000, output_tokens: 100 };

export class MessagesServer {
  /** For calls that offer tools: the agent's own. Its last turn repeats. */
  turns: Turn[] = [];
  /** For calls without tools, by which an agent asks for a title or a summary. */
  aside: Turn = { text: 'ok', usage: { input_tokens: 10, output_tokens: 1 } };
  inputTokens = 1000;
  /** The answer to a count of tokens. */
  countStatus = 200;
  readonly requests: SeenRequest[] = [];
  /** What it bills: the calls that it answered to their end. */
  readonly billed: { readonly model: string; readonly usage: Usage; readonly asked: SeenRequest['body'] }[] = [];
  /** Calls whose caller went away before their end. */
  abandoned = 0;
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));
  readonly #script: (asked: SeenRequest['body']) => Turn;

  constructor(script?: (asked: SeenRequest['body']) => Turn) {
    this.#script = script ?? ((asked) => this.#inOrder(asked));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  script(...turns: Turn[]): void {
    this.turns = turns;
    this.countStatus = 200;
    this.requests.length = 0;
    this.billed.length = 0;
    this.abandoned = 0;
  }

  /** Calls that offered tools. */
  get calls(): readonly SeenRequest[] {
    return this.requests.filter(({ body }) => (body.tools ?? []).length > 0);
  }

  #inOrder({ tools = [] }: SeenRequest['body']): Turn {
    if (tools.length === 0) return this.aside;
    return (this.turns.length > 1 ? this.turns.shift() : this.turns[0]) ?? {};
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const path = (request.url ?? '').split('?')[0] ?? '';
    const text = Buffer.concat(parts).toString('utf8');
    const body = JSON.parse(text || '{}') as SeenRequest['body'];
    this.requests.push({ path, headers: request.headers, text, body });
    if (path === '/v1/messages/count_tokens')
      return json(response, this.countStatus, { input_tokens: this.inputTokens });
    if (path !== '/v1/messages') return json(response, 404, { type: 'error', error: { type: 'not_found_error' } });
    const turn = this.#script(body);
    response.on('close', () => {
      if (!response.writableFinished && turn.dropAfter === undefined) this.abandoned += 1;
    });
    await turn.silentUntil;
    if (turn.error) return json(response, turn.error.status, turn.error.body, turn.error.headers);
    const usage = turn.usage ?? defaultUsage;
    if (body.stream) await this.#stream(response, body.model, turn, usage);
    else json(response, 200, messageOf(body.model, turn, usage));
    if (turn.dropAfter === undefined) this.billed.push({ model: body.model, usage, asked: body });
  }

  async #stream(response: ServerResponse, model: string, turn: Turn, usage: Usage): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.flushHeaders();
    for (const [i, event] of eventsOf(model, turn, usage).entries()) {
      if (i === turn.dropAfter) {
        // What was written is to arrive before the break.
        await new Promise((resolve) => setImmediate(resolve));
        response.destroy();
        return;
      }
      if (i === 3) await turn.until;
      if (response.destroyed) return;
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  }
}

type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

const blocksOf = ({ thinks, text, tools = [] }: Turn): Event[] => [
  ...(thinks ? [{ type: 'thinking', thinking: '' }] : []),
  ...(text === undefined ? [] : [{ type: 'text', text }]),
  ...tools.map(({ name, input }, i) => ({ type: 'tool_use', id: `toolu_${i}_${name}_${++ids}`, name, input })),
];
let ids = 0;

const stopOf = ({ stopReason, tools = [] }: Turn): string => stopReason ?? (tools.length > 0 ? 'tool_use' : 'end_turn');

const messageOf = (model: string, turn: Turn, usage: Usage): object => ({
  // Two messages of one id would be one message to Claude Code.
  id: `msg_scripted_${++ids}`,
  type: 'message',
  role: 'assistant',
  model,
  content: blocksOf(turn),
  stop_reason: stopOf(turn),
  stop_sequence: null,
  usage,
});

/** message_start, then a block at a time, then the end: what the prompt cost comes first, what was written last. */
export function eventsOf(model: string, turn: Turn, usage: Usage): Event[] {
  const message = { ...messageOf(model, turn, { ...usage, output_tokens: 1 }), content: [], stop_reason: null };
  const blocks = blocksOf(turn).flatMap((block, index): Event[] => {
    const { text, input, ...rest } = block as Record<string, unknown>;
    if (block.type === 'thinking') return [{ type: 'content_block_start', index, content_block: block }];
    const start = text === undefined ? { ...rest, input: {} } : { ...rest, text: '' };
    const delta =
      text === undefined
        ? { type: 'input_json_delta', partial_json: JSON.stringify(input) }
        : { type: 'text_delta', text };
    return [
      { type: 'content_block_start', index, content_block: start },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ];
  });
  const end = {
    delta: { stop_reason: stopOf(turn), stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  };
  return [{ type: 'message_start', message }, ...blocks, { type: 'message_delta', ...end }, { type: 'message_stop' }];
}

function json(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
