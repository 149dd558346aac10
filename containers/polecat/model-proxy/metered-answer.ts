/** Reads the usage out of an answer while it passes: whole, or an event at a time. */
import { laterUsage, type Usage } from '../../../core/costs/model-usage.ts';

/** An event is not collected beyond this; one so long carries no usage. */
const eventCharsMax = 4 * 1024 * 1024;

interface Event {
  readonly type?: unknown;
  readonly message?: { readonly usage?: Usage };
  readonly usage?: Usage;
  /** Text, JSON or thinking, by its kind; bytes as characters. */
  readonly delta?: Readonly<Record<string, unknown>>;
  readonly content_block?: { readonly type?: unknown };
}

export class MeteredAnswer {
  readonly #stream: boolean;
  #open = '';
  #usage: Usage | undefined;
  #begun = false;
  #ended = false;
  #wrote = false;
  #writtenBytes = 0;

  constructor(stream: boolean) {
    this.#stream = stream;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  /** The usage of the prompt is known: the answer has begun. */
  get begun(): boolean {
    return this.#begun;
  }

  /** It came to its own end, with its last usage. */
  get complete(): boolean {
    return this.#ended && this.#usage?.output_tokens !== undefined;
  }

  /** Something was written, seen or not. */
  get wrote(): boolean {
    return this.#wrote;
  }

  /** Bytes of what the model wrote so far: it has at most so many tokens. Infinite once it thought, of which it shows what it likes. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  write(bytes: Buffer): void {
    this.#open += bytes.toString('latin1');
    if (!this.#stream) return;
    for (let end = endOf(this.#open); end; end = endOf(this.#open)) {
      this.#event(this.#open.slice(0, end.at));
      this.#open = this.#open.slice(end.next);
    }
    if (this.#open.length > eventCharsMax) this.#open = '';
  }

  /** The body is over. */
  end(): void {
    if (this.#stream) {
      this.#event(this.#open);
      return;
    }
    const message = parsed(this.#open);
    if (message?.usage) this.#take(message.usage);
    this.#ended = true;
  }

  #event(text: string): void {
    const data = text
      .split(/\r?\n/)
      .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
      .join('\n');
    if (data === '') return;
    const event = parsed(data);
    if (event?.type === 'content_block_start') this.#start(event.content_block?.type);
    if (event?.type === 'content_block_delta') this.#writtenBytes += lengthOf(event.delta);
    if (event?.type === 'message_start' && event.message?.usage) this.#take(event.message.usage);
    if (event?.type === 'message_delta' && event.usage) {
      this.#take(event.usage);
      this.#ended = true;
    }
  }

  #start(type: unknown): void {
    this.#wrote = true;
    if (type === 'thinking' || type === 'redacted_thinking') this.#writtenBytes = Number.POSITIVE_INFINITY;
  }

  /** What tells nothing of the prompt is no usage: the call costs what was set aside for it. */
  #take(usage: Usage): void {
    const next = laterUsage(this.#usage, usage);
    if (typeof next.input_tokens !== 'number') return;
    this.#usage = next;
    this.#begun = true;
  }
}

const lengthOf = (delta: Event['delta']): number =>
  Object.entries(delta ?? {}).reduce(
    (sum, [name, part]) => (name !== 'type' && typeof part === 'string' ? sum + part.length : sum),
    0,
  );

function endOf(text: string): { readonly at: number; readonly next: number } | undefined {
  const found = /\r?\n\r?\n/.exec(text);
  return found ? { at: found.index, next: found.index + found[0].length } : undefined;
}

function parsed(text: string): Event | undefined {
  try {
    return JSON.parse(text) as Event;
  } catch {
    return undefined;
  }
}
