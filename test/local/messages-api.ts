/** A server that speaks as much of Anthropic's Messages API as the town asks for: what it shall say is written down. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Model } from '../../core/ports.ts';
import { modelOfEnvironment } from '../../local/model.ts';

/** The part of a request that tests look at. */
interface Asked {
  readonly system?: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly name: string }[];
}

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Asked;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

export const said = (stop_reason: string, content: readonly object[] = [{ type: 'text', text: 'Done.' }]): Answer => ({
  status: 200,
  body: JSON.stringify({ content, stop_reason, usage: { input_tokens: 12, output_tokens: 3 } }),
});

export const called = (name: string, input: unknown, id = 't1'): Answer =>
  said('tool_use', [{ type: 'tool_use', id, name, input }]);

export class MessagesApi {
  readonly seen: Seen[] = [];
  #last: Answer = { status: 500, body: 'nobody said what to say' };
  #next: ((asked: Asked) => Answer)[] = [];
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const body = JSON.parse(text) as Asked;
      this.seen.push({ url: request.url ?? '', headers: request.headers, body });
      const next = this.#next.shift();
      if (next) this.#last = next(body);
      response.writeHead(this.#last.status, { 'content-type': 'application/json' }).end(this.#last.body);
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async model(): Promise<Model> {
    const model = modelOfEnvironment({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: `${await this.listen()}/` });
    if (!model) throw new Error('a key and no model');
    return model;
  }

  /** One after the other; the last one stays. A function answers what it was asked. */
  answers(...answers: readonly (Answer | ((asked: Asked) => Answer))[]): void {
    this.#next = answers.map((answer) => (typeof answer === 'function' ? answer : () => answer));
  }

  willSay(stopReason: string, content?: readonly object[]): void {
    this.answers(said(stopReason, content));
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
