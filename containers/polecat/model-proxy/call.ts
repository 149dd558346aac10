/** One call of the agent: priced before it is sent, passed on as it comes, metered, and settled however it ends. */
import type { ServerResponse } from 'node:http';
import { isListed } from '../../../core/costs/model-prices.ts';
import { type PricedRequest, readRequest } from '../../../core/costs/model-request.ts';
import { atMostUsd, usdOf } from '../../../core/costs/model-usage.ts';
import { textOf } from '../failure.ts';
import { refuse } from './answers.ts';
import { MeteredAnswer } from './metered-answer.ts';
import type { Hold, Spending } from './spending.ts';
import type { Upstream, UpstreamAnswer, UpstreamCall } from './upstream.ts';

export interface CallDeps {
  readonly upstream: Upstream;
  readonly spending: Spending;
  /** The budget has no room for a call: the agent is to end. */
  readonly onSpent: (detail: string) => void;
}

/** Its harness may be lost, or its attempt be another's by now: what nobody knows of would be spent twice. */
const unrecordedText =
  'CALL_UNRECORDED: the town did not take down what this call may cost, so it was not sent; ask again.';

/** What a count by the upstream may be wrong by, as its documentation allows. */
const countFactor = 1.05;
const answerBytesMax = 64 * 1024 * 1024;

export async function passMessages(
  deps: CallDeps,
  text: string,
  headers: Readonly<Record<string, string>>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const read = readRequest(text);
  if (!read.ok) return refuse(response, 400, `BUDGET_UNKNOWN: ${read.fault}.`);
  const { upstream, spending } = deps;
  const { request, body } = read;
  const model = upstream.modelFor(request.model);
  const call: UpstreamCall = { body, stream: request.stream, model, headers, signal };
  const mostUsd = await priced(deps, call, request);
  if (typeof mostUsd !== 'number') {
    if (!signal.aborted) refuse(response, mostUsd.status, mostUsd.text);
    return;
  }
  const hold = await spending.hold(mostUsd, signal);
  if (!hold) {
    if (!signal.aborted) refuseSpent(deps, response, spentText(spending, model, mostUsd));
    return;
  }
  const known = await hold.known;
  if (!known || signal.aborted) {
    hold.settle(0);
    if (!signal.aborted) refuse(response, 503, unrecordedText);
    return;
  }
  const cost = { usd: mostUsd };
  try {
    await passAnswer(deps, call, request, response, hold, cost);
  } finally {
    hold.settle(cost.usd);
  }
}

/** Near its end a budget depends on the count; one that cannot be had now is no reason to call the budget spent. */
const uncounted: Refused = {
  status: 503,
  text: 'COUNT_UNAVAILABLE: by its bytes this prompt may not fit the budget, and its tokens could not be counted now; ask again.',
};

/** It would turn the call away as well: that is no matter of the budget. */
const denied = (status: 401 | 403): Refused => ({
  status,
  text: `MODEL_DENIED: the model's server turns the town's key away (status ${status}).`,
});

/** What the agent is told instead of an answer. */
interface Refused {
  readonly status: 401 | 403 | 503;
  readonly text: string;
}

/** By its bytes, which is quick; and counted by the upstream where those would not fit. */
async function priced(
  { upstream, spending }: CallDeps,
  call: UpstreamCall,
  request: PricedRequest,
): Promise<number | Refused> {
  const byBytes = atMostUsd(call.model, request.promptTokensMax, request.maxTokens);
  if (spending.mayFit(byBytes)) return byBytes;
  if (!spending.mayFit(atMostUsd(call.model, 0, request.maxTokens))) return byBytes;
  const counted = await countOf(upstream, call).catch(() => uncounted);
  if (typeof counted === 'object') return counted;
  return counted === 'never' ? byBytes : atMostUsd(call.model, Math.ceil(counted * countFactor), request.maxTokens);
}

/** Of a request to count: these fields alone are taken, others are an error. */
const countedFields = ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking'];

async function countOf(upstream: Upstream, call: UpstreamCall): Promise<number | 'never' | Refused> {
  const body = Object.fromEntries(Object.entries(call.body).filter(([name]) => countedFields.includes(name)));
  const answer = await upstream.countTokens({ ...call, body, stream: false });
  const parts: Buffer[] = [];
  for await (const part of answer.body) parts.push(part);
  const { status } = answer;
  if (status === 401 || status === 403) return denied(status);
  if (status !== 200) return status === 408 || status === 429 || status >= 500 ? uncounted : 'never';
  const { input_tokens: tokens } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { input_tokens?: unknown };
  return typeof tokens === 'number' && tokens >= 0 ? tokens : 'never';
}

/** Sets `cost` to what the call has cost as far as is known: the most it may have, until an answer says less. */
async function passAnswer(
  deps: CallDeps,
  call: UpstreamCall,
  request: PricedRequest,
  response: ServerResponse,
  hold: Hold,
  cost: { usd: number },
): Promise<void> {
  const { spending } = deps;
  const { model, stream, signal } = call;
  let answer: UpstreamAnswer;
  try {
    answer = await deps.upstream.messages(call);
  } catch (error) {
    cost.usd = isNeverSent(error) ? 0 : mostOfUnseen(call, request, hold);
    if (!signal.aborted) refuse(response, 502, `MODEL_UNREACHABLE: ${textOf(error)}`);
    return;
  }
  const good = answer.status >= 200 && answer.status < 300;
  const metered = new MeteredAnswer(stream);
  let passedOn = 0;
  try {
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.flushHeaders();
    for await (const bytes of answer.body) {
      passedOn += bytes.byteLength;
      if (passedOn > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`);
      if (good) metered.write(bytes);
      if (good && metered.begun && !keepsWithin(metered, model, request, hold)) {
        cost.usd = spentSoFar(metered, call, request, hold);
        return refuseSpent(deps, response, cutText(spending, model, cost.usd, hold));
      }
      if (!response.write(bytes)) await drained(response, signal);
      if (signal.aborted) break;
    }
    metered.end();
    response.end();
  } catch (error) {
    if (!signal.aborted) refuse(response, 502, `MODEL_BROKE_OFF: ${textOf(error)}`);
  }
  cost.usd = good ? spentSoFar(metered, call, request, hold) : 0;
}

/** With the prompt's true size known: what it may still cost, or does not fit. */
function keepsWithin(metered: MeteredAnswer, model: string, { maxTokens }: PricedRequest, hold: Hold): boolean {
  const usage = metered.usage ?? {};
  const outputTokens = metered.complete ? (usage.output_tokens ?? 0) : Math.max(maxTokens, usage.output_tokens ?? 0);
  return hold.change(usdOf(model, { ...usage, output_tokens: outputTokens }));
}

/** Whether it was begun is not known. A stream begins before a word of it is written; whole answers come when all is. */
const mostOfUnseen = ({ model, stream }: UpstreamCall, { promptTokensMax }: PricedRequest, hold: Hold): number =>
  stream ? Math.min(hold.usd, atMostUsd(model, promptTokensMax, 0)) : hold.usd;

function spentSoFar(metered: MeteredAnswer, call: UpstreamCall, request: PricedRequest, hold: Hold): number {
  const { model } = call;
  const { maxTokens } = request;
  if (!metered.usage) return metered.wrote ? hold.usd : mostOfUnseen(call, request, hold);
  if (metered.complete) return usdOf(model, metered.usage);
  const written = Math.max(metered.usage.output_tokens ?? 0, Math.min(maxTokens, metered.writtenBytes));
  return usdOf(model, { ...metered.usage, output_tokens: written });
}

const isNeverSent = (error: unknown): boolean =>
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test((error as NodeJS.ErrnoException)?.code ?? '');

/** `close` comes when the agent has gone as well. */
const drained = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const on = (): void => {
      response.off('drain', on);
      response.off('close', on);
      signal.removeEventListener('abort', on);
      resolve();
    };
    response.once('drain', on);
    response.once('close', on);
    signal.addEventListener('abort', on, { once: true });
  });

function refuseSpent({ onSpent }: CallDeps, response: ServerResponse, detail: string): void {
  refuse(response, 402, `BUDGET_SPENT: ${detail}`);
  onSpent(detail);
}

const dollars = (usd: number): string => `$${Number.isFinite(usd) ? usd.toFixed(usd < 0.01 ? 4 : 2) : 'unknown'}`;

const unknownText = (model: string): string =>
  isListed(model) ? '' : `; ${model} is not in the price list, so the dearest price is taken`;

function spentText({ budgetUsd, spentUsd }: Spending, model: string, mostUsd: number): string {
  if (budgetUsd === 0)
    return `this bead has no budget, which is for agents that use no model of the town: set budget.per_bead_usd, or the bead's budget, and retry`;
  return (
    `of ${dollars(budgetUsd)} that were left of the bead's budget this attempt has spent ${dollars(spentUsd)}, and its next ` +
    `call (${model}) may cost ${dollars(mostUsd)}${unknownText(model)}; raise the bead's budget and retry`
  );
}

const cutText = ({ budgetUsd, spentUsd }: Spending, model: string, usd: number, hold: Hold): string =>
  `a call (${model}) turned out to cost ${dollars(usd)} before its end, more than the ${dollars(hold.usd)} set aside for it, and of ` +
  `${dollars(budgetUsd)} that were left of the bead's budget ${dollars(spentUsd)} were spent before: it was cut off; raise the bead's budget and retry`;
