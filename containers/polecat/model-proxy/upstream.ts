/** Who answers the calls: each speaks the Messages API to the proxy, whatever it speaks beyond. */
export interface UpstreamCall {
  /** As it was read and priced. It is sent anew from this: two readers may take the same text for two requests. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
  /** The model that is to answer: `modelFor` the one asked for. */
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** Those that the agent may see. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface Upstream {
  modelFor(asked: string): string;
  messages(call: UpstreamCall): Promise<UpstreamAnswer>;
  countTokens(call: UpstreamCall): Promise<UpstreamAnswer>;
}
